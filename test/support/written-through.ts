/**
 * Detectors of listed differences (listed-differences.ts): under `--ignore-existing` rsync writes, and deletes, through a link of the
 * destination to a directory of the destination, which tsync leaves alone, and what that directory holds then differs in every respect;
 * under `--keep-dirlinks` it removes the link that it is to write through.
 */
import { type ByteName, baseName, byteName, directoryName } from "../../src/bytes/byte-name.ts";
import { codes, type Detector, type DifferingCase, someFailed, unescaped } from "./difference-detector.ts";

const counts = /^(?:Number of |Total |Literal data: |Matched data: |sent |total size is )/;

const notThere = /^rsync: \[receiver\] mkstemp "(.*)\/\.(.*)\.[^./"]{6}" failed: No such file or directory \(2\)$/s;
const noDefault = /^default_perms_for_dir: sys_acl_get_file\(.*\): No such file or directory/;

export const writtenThroughDetectors: readonly Detector[] = [
  {
    row: "`--ignore-existing` with a symbolic link where the source has a directory",
    applies: (one, options) => options.has("", "--ignore-existing") && passedLinks(one).length > 0,
    explains: ({ aspect, isOrder, left, right, tree }, one) => {
      const passed = passedLinks(one);
      if (tree !== undefined)
        return passed.some(({ target }) => tree.path === target || tree.path.startsWith(`${target}/`));
      const isThere = (line: string) =>
        passed.some(({ link, target }) => [link, target].some((path) => tells(line, path)));
      if (aspect === "exit code") return codes([23], [0], one) && one.left.stderr.split("\n").some(isThere);
      if (isOrder) return false;
      // Lines of a format may not name the file.
      if (aspect === "stdout items" && isNameless(one)) return true;
      const isOther = (line: string) => someFailed.test(line) || (aspect !== "stderr" && counts.test(line));
      return [...left, ...right].every((line) => isThere(line) || isOther(line));
    },
  },
  {
    row: "`--keep-dirlinks` with a link to the directory that it lies in (`l -> .`), which a file of its name in there replaces",
    applies: (one, options) =>
      options.has("K", "--keep-dirlinks") && codes([23], [0, 23, 24], one) && lostFiles(one).length > 0,
    explains: ({ aspect, isOrder, left, right, tree }, one) => {
      const lost = lostFiles(one);
      if (tree !== undefined) return lost.some((path) => path === tree.path || directoryName(path) === tree.path);
      if (aspect === "exit code") return true;
      if (aspect !== "stderr" || isOrder || right.length > 0) return false;
      return left.every((line) => notThere.test(line) || noDefault.test(line) || someFailed.test(line));
    },
  },
];

/** Where files would lie that rsync cannot make behind a link of the destination to the directory that it lies in. */
function lostFiles({ scenario, left, right }: DifferingCase): ByteName[] {
  const told = left.stderr.split("\n").flatMap((line) => {
    const [, directory, name] = notThere.exec(unescaped(line)) ?? [];
    return directory === undefined ? [] : [{ directory, name }];
  });
  return [...scenario.destination].flatMap(([top, plan]) =>
    [...plan].flatMap(([path, { node }]) => {
      const link = byteName(`${top}/${path}`);
      if (node.kind !== "symlink" || resolved(link, node.target) !== directoryName(link)) return [];
      const behind = told.filter(({ directory }) => directory.endsWith(`/${link}`));
      // A temporary name has one dot at its beginning, and may be shorter.
      return [...right.tree.keys()].filter((file) =>
        behind.some(
          ({ name = "" }) =>
            directoryName(file) === directoryName(link) &&
            (baseName(file) === `.${name}` || baseName(file).startsWith(name)),
        ),
      );
    }),
  );
}

function isNameless({ scenario: { argv } }: DifferingCase): boolean {
  const format = argv.findLast((word) => /^--(?:out|log)-format=/.test(word));
  return format !== undefined && !/%[-'\d]*[nf]/.test(format);
}

/** Links that both leave to a directory of the tree, and behind which rsync tells of something, or did before it deleted them. */
function passedLinks({ left, right }: DifferingCase): { readonly link: ByteName; readonly target: ByteName }[] {
  const told = `${left.stdout}\n${left.log ?? ""}`.split("\n");
  return [...right.tree].flatMap(([link, { type, target: text }]) => {
    if (type !== "symlink" || text.startsWith("/")) return [];
    const target = resolved(link, text);
    const leads = right.tree.get(target)?.type === "directory";
    return leads && told.some((line) => tells(line, link)) ? [{ link, target }] : [];
  });
}

/** Whether a line has a name behind a path of the tree, which begins with the destination and perhaps with a source's name. */
function tells(line: string, path: ByteName): boolean {
  const below = path.split("/").slice(1);
  const text = unescaped(line);
  return [below, below.slice(1)].some((parts) => parts.length > 0 && text.includes(`${parts.join("/")}/`));
}

function resolved(link: ByteName, target: string): ByteName {
  const at = link.split("/").slice(0, -1);
  for (const part of target.split("/")) {
    if (part === "..") at.pop();
    else if (part !== "" && part !== ".") at.push(part);
  }
  return byteName(at.join("/"));
}
