/**
 * Extended attributes, ACLs included, through the `attr` programs (design section 3): `xargs -0 getfattr` reads many objects
 * in one run, `setfattr --restore=-` sets many, `xargs -0 setfattr -x` removes one. All of them without following links.
 */
import { type ByteName, compareBytes } from "../../bytes/byte-name.ts";
import type { Xattr } from "../../protocol/file-entry.ts";
import { checkName, Errno } from "./common.ts";
import { complaintErrno, helperDirectory, runHelper } from "./helper-program.ts";
import type { Stat, Syscalls, UnreadableXattr, XattrChange } from "./interface.ts";
import { emptyStat } from "./interface.ts";

type Wanted = (attribute: ByteName) => boolean;

/** Objects read in one run: their values together must fit into one output. */
const namesPerRun = 1024;

/** The attribute calls of the plain back end; `lstatAt` tells which objects are gone. */
export function plainXattrs(
  lstatAt: (directory: number, name: ByteName, stat: Stat) => number,
): Pick<Syscalls, "readXattrs" | "changeXattrs" | "setXattrAt" | "removeXattrAt" | "fsetXattr" | "fremoveXattr"> {
  function readSome(
    directory: number,
    names: readonly ByteName[],
    wanted: Wanted,
  ): (Xattr[] | UnreadableXattr | number)[] {
    const valid = names.filter((name) => checkName(name) === 0);
    const input = valid.map((name) => `${helperDirectory}${name}\0`).join("");
    const parameters = ["-0", "getfattr", "-h", "-d", "-m", "-", "-e", "hex", "--absolute-names", "--"];
    const run = runHelper("xargs", valid.length === 0 ? ["-0", "-r", "true"] : parameters, input, directory);
    if (run.error === Errno.E2BIG && names.length > 1) {
      const half = names.length >> 1;
      return [...readSome(directory, names.slice(0, half), wanted), ...readSome(directory, names.slice(half), wanted)];
    }
    if (run.error !== 0) return names.map(() => run.error);
    const found = parseDump(run.output);
    // Of a value that may not be read it complains, and ends with 0.
    const complaints = run.complaints.map(unescapeOctal);
    return names.map((name) => {
      const bad = checkName(name) || (complaints.length > 0 ? readFailure(directory, name, complaints, wanted) : 0);
      return bad || (found.get(name) ?? []).filter((item) => wanted(item.name));
    });
  }

  /** What could not be read of an object, in a run that complained: the errno or the attribute; 0 if all could. */
  function readFailure(
    directory: number,
    name: ByteName,
    complaints: readonly string[],
    wanted: Wanted,
  ): UnreadableXattr | number {
    const gone = lstatAt(directory, name, emptyStat());
    if (gone < 0) return gone;
    for (const line of complaints) {
      const text = line.startsWith("getfattr: ") ? line.slice("getfattr: ".length) : line;
      if (!text.startsWith(`${helperDirectory}${name}: `)) continue;
      // `path: reason` or `path: attribute: reason`; anything else is about a longer name.
      const rest = text.slice(helperDirectory.length + name.length + 2).split(": ");
      if (rest.length > 2 || (rest.length === 2 && !/^(user|trusted|security|system)\./.test(rest[0] ?? ""))) continue;
      const error = complaintErrno(text);
      if (error === Errno.EOPNOTSUPP || error === Errno.ENODATA) continue;
      if (rest.length < 2) return error;
      const attribute = rest[0] as ByteName;
      if (wanted(attribute)) return { attribute, errno: error };
    }
    return 0;
  }

  function change(directory: number, changes: readonly XattrChange[]): number[] {
    const results = changes.map(
      ({ name, attribute }) => checkName(name) || (isAttributeName(attribute) ? 0 : Errno.EINVAL),
    );
    const sets = changes.filter((one, index) => results[index] === 0 && one.value !== undefined);
    if (sets.length > 0) {
      const run = runHelper("setfattr", ["-h", "--restore=-"], formatDump(sets), directory);
      // The complaints do not tell the attribute: only one change at a time shows which failed.
      if (run.error !== 0 || run.status !== 0) {
        const alone = sets.length === 1;
        for (const [index, one] of changes.entries()) {
          if (results[index] !== 0 || one.value === undefined) continue;
          results[index] = alone
            ? run.error || complaintErrno(run.complaints[0])
            : (change(directory, [one])[0] ?? Errno.EIO);
        }
      }
    }
    for (const [index, one] of changes.entries()) {
      if (results[index] === 0 && one.value === undefined) results[index] = remove(directory, one);
    }
    return results;
  }

  function remove(directory: number, { name, attribute }: XattrChange): number {
    const run = runHelper(
      "xargs",
      ["-0", "setfattr", "-h"],
      `-x\0${attribute}\0--\0${helperDirectory}${name}\0`,
      directory,
    );
    return run.error || (run.status === 0 ? 0 : complaintErrno(run.complaints[0]));
  }

  return {
    readXattrs(directory, names, wanted = () => true) {
      const results: (Xattr[] | UnreadableXattr | number)[] = [];
      for (let at = 0; at < names.length; at += namesPerRun) {
        results.push(...readSome(directory, names.slice(at, at + namesPerRun), wanted));
      }
      return results;
    },
    changeXattrs: change,
    setXattrAt: (directory, name, attribute, value) => change(directory, [{ name, attribute, value }])[0] ?? Errno.EIO,
    removeXattrAt: (directory, name, attribute) =>
      change(directory, [{ name, attribute, value: undefined }])[0] ?? Errno.EIO,
    // Helper programs get names.
    fsetXattr: () => Errno.EOPNOTSUPP,
    fremoveXattr: () => Errno.EOPNOTSUPP,
  };
}

/** What getfattr prints: `# file: path`, a line `name=0xvalue` an attribute, an empty line. */
export function parseDump(output: string): Map<string, Xattr[]> {
  const found = new Map<string, Xattr[]>();
  const heading = `# file: ${helperDirectory}`;
  let attributes: Xattr[] = [];
  for (const line of output.split("\n")) {
    if (line.startsWith(heading)) {
      attributes = [];
      found.set(unescapeOctal(line.slice(heading.length)), attributes);
      continue;
    }
    // `=` within a name is escaped.
    const equals = line.indexOf("=");
    if (line === "" || line.startsWith("#")) continue;
    const name = unescapeOctal(equals < 0 ? line : line.slice(0, equals)) as ByteName;
    const value = equals < 0 ? "" : line.slice(equals + "=0x".length);
    attributes.push({ name, value: new Uint8Array(Buffer.from(value, "hex")) });
  }
  for (const list of found.values()) list.sort((a, b) => compareBytes(a.name, b.name));
  return found;
}

/** The same form, for `setfattr --restore`. */
export function formatDump(changes: readonly XattrChange[]): string {
  return changes
    .map(({ name, attribute, value }) => {
      const hex = Buffer.from(value ?? new Uint8Array()).toString("hex");
      return `# file: ${helperDirectory}${escapeOctal(name)}\n${escapeOctal(attribute)}=0x${hex}\n\n`;
    })
    .join("");
}

/** A name that the line form can carry: one with a NUL would cut the input of xargs. */
function isAttributeName(attribute: ByteName): boolean {
  return attribute !== "" && !attribute.includes("\0");
}

function escapeOctal(text: string): string {
  return text.replace(/[\0-\x20=\\#\x7f-\xff]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
