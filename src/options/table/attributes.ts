/** Rows of the options that decide what is preserved of each file (3-transfer 10.2). */
import type { ByteName } from "../../bytes/byte-name.ts";
import { type TsyncError, usageError } from "../../errors.ts";
import { parseChmod } from "../chmod.ts";
import { counter, flag, type OptionRow, row, text } from "../option-row.ts";
import type { IdMapSetting, Settings } from "../settings.ts";

/** Attribute options in the order of the help. */
export const attributeRows: readonly OptionRow[] = [
  row("now", "archive a", {
    help: "the same as -rlptgoD",
    set: (settings) => {
      if (settings.recursive === false) settings.recursive = "archive";
      settings.links = true;
      settings.permissions = true;
      settings.times = true;
      settings.group = true;
      settings.owner = true;
      settings.devices = true;
      settings.specials = true;
    },
  }),
  flag("links l", "links", "copy symbolic links as links", "links l"),
  counter("hard-links H", "hardLinks", "keep hard links", "hard-links H"),
  flag("perms p", "permissions", "keep permissions", "perms p"),
  flag("executability E", "executability", "keep whether files can be executed"),
  text("chmod", "CHANGES", "change permissions on the way", (settings, value) => {
    settings.chmod.push(...parseChmod(value));
  }),
  row("now", "acls A", {
    help: "keep access control lists (implies --perms)",
    negations: "acls A",
    set: (settings) => {
      settings.acls = true;
      settings.permissions = true;
    },
    clear: (settings) => {
      settings.acls = false;
    },
  }),
  row("now", "xattrs X", {
    help: "keep extended attributes; twice: rsync's own ones too",
    negations: "xattrs X",
    set: (settings) => {
      settings.xattrs += 1;
    },
    clear: (settings) => {
      settings.xattrs = 0;
    },
  }),
  flag("times t", "times", "keep times of modification", "times t"),
  flag("omit-dir-times O", "omitDirectoryTimes", "--times without directories", "omit-dir-times O"),
  flag("omit-link-times J", "omitLinkTimes", "--times without symbolic links", "omit-link-times J"),
  row("now", "atimes U", {
    help: "keep times of access",
    negations: "atimes U",
    // Coming twice is --open-noatime too, which is taken back by itself only.
    set: (settings) => {
      settings.atimes += 1;
      if (settings.atimes > 1) settings.openNoAtime = true;
    },
    clear: (settings) => {
      settings.atimes = 0;
    },
  }),
  flag("open-noatime", "openNoAtime", "do not change times of access by reading", "open-noatime"),
  // As in the build of rsync that is followed: the option is known, and refused where it stands.
  row("later", "crtimes N", {
    help: "keep times of creation",
    negations: "crtimes N",
    set: () => {
      throw usageError("This rsync does not support --crtimes (-N)");
    },
    clear: () => {},
  }),
  flag("owner o", "owner", "keep owners (root only)", "owner o"),
  flag("group g", "group", "keep groups", "group g"),
  flag("numeric-ids", "numericIds", "take ids as numbers, not by name", "numeric-ids"),
  text("usermap", "MAP", "map users: FROM:TO,...", (settings, value) => {
    if (settings.userMap !== undefined) throw mapConflict("user", settings.userMap.source);
    addMap(settings, "user", value, "map");
  }),
  text("groupmap", "MAP", "map groups: FROM:TO,...", (settings, value) => {
    if (settings.groupMap !== undefined) throw mapConflict("group", settings.groupMap.source);
    addMap(settings, "group", value, "map");
  }),
  text("chown", "USER:GROUP", "give everything to this user and group", applyChown),
  row("now", "D", {
    help: "the same as --devices --specials",
    negations: "D",
    set: (settings) => {
      settings.devices = true;
      settings.specials = true;
    },
    clear: (settings) => {
      settings.devices = false;
      settings.specials = false;
    },
  }),
  flag("devices", "devices", "copy device files (root only)", "devices"),
  flag("specials", "specials", "copy sockets and fifos", "specials"),
  flag("copy-devices", "copyDevices", "copy the content of devices"),
  flag("write-devices", "writeDevices", "write into devices (implies --inplace)", "write-devices"),
  flag("drop-D", "dropDevices", "create no devices and specials here", "drop-D"),
  row("now", "super", {
    help: "try what only root may do",
    negations: "super",
    set: (settings) => {
      settings.superUser = true;
      settings.fakeSuper = false;
    },
    clear: (settings) => {
      settings.superUser = false;
      settings.fakeSuper = false;
    },
  }),
  row("now", "fake-super", {
    help: "keep what only root may set in attributes",
    set: (settings) => {
      settings.fakeSuper = true;
    },
  }),
];

/** `--chown=USER:GROUP` is short for two maps; the parts may be empty. */
function applyChown(settings: Settings, value: string): void {
  const colon = value.indexOf(":");
  const user = colon < 0 ? value : value.slice(0, colon);
  const group = colon < 0 ? "" : value.slice(colon + 1);
  if (user !== "") {
    if (settings.userMap !== undefined) throw chownConflict("user", settings.userMap.source);
    addMap(settings, "user", `*:${user}` as ByteName, "chown");
  }
  if (group !== "") {
    if (settings.groupMap !== undefined) throw chownConflict("group", settings.groupMap.source);
    addMap(settings, "group", `*:${group}` as ByteName, "chown");
  }
}

/** Maps imply `-o` and `-g`. A server whose client does not send ids takes them for 0 and does not map them (1-session 2.3). */
function addMap(settings: Settings, kind: "user" | "group", text: ByteName, source: IdMapSetting["source"]): void {
  const option = kind === "user" ? "owner" : "group";
  settings[`${kind}Map`] = { text, source, isIdle: settings.server && !settings[option] };
  settings[option] = true;
}

function mapConflict(kind: "user" | "group", prior: "map" | "chown"): TsyncError {
  return usageError(
    prior === "chown" ? `--${kind}map conflicts with prior --chown.` : `You can only specify --${kind}map once.`,
  );
}

function chownConflict(kind: "user" | "group", prior: "map" | "chown"): TsyncError {
  return usageError(
    prior === "map"
      ? `--chown conflicts with prior --${kind}map.`
      : `You can only specify a ${kind}-affecting --chown once.`,
  );
}
