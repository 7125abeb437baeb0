/** What the scan of the source says of names that it leaves out, follows or does not find, in rsync's words (3-transfer 9.4). */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import type { NoticeCode, NoticeEvent, ProblemEvent } from "./events.ts";

/** `--copy-unsafe-links` follows a link. */
export function followsUnsafe(path: ByteName, target: ByteName): NoticeEvent {
  return remark("unsafe-link", path, `copying unsafe symlink "${path}" -> "${target}"`);
}

/** `-xx` leaves out a directory. */
export function skipsMountPoint(path: ByteName): NoticeEvent {
  return remark("mount-point", path, `[sender] skipping mount-point dir ${path}`);
}

/** A directory that is named where neither its content nor directories are sent. */
export function skipsDirectory(path: ByteName): NoticeEvent {
  return remark("skipping-directory", path, `skipping directory ${path}`);
}

/** A rule has decided about a name. */
export function judgedByRule(path: ByteName, isDir: boolean, hides: boolean, rule = ""): NoticeEvent {
  const act = `${hides ? "hiding" : "showing"} ${isDir ? "directory" : "file"}`;
  return remark("filter", path, `[sender] ${act} ${path} because of pattern ${rule}`);
}

/** A rule has decided about the name of an attribute of something on this side. */
export function judgedXattr(role: "sender" | "generator", name: ByteName, keeps: boolean, rule = ""): NoticeEvent {
  const act = role === "sender" ? (keeps ? "showing" : "hiding") : keeps ? "risking" : "protecting";
  const text = byteName(`[${role}] ${act} xattr ${name} because of pattern ${rule}`);
  return { type: "notice", role, code: "filter", path: undefined, text };
}

/** A link that was to be followed leads nowhere. */
export function leadsNowhere(path: ByteName): ProblemEvent {
  const text = byteName(`symlink has no referent: "${path}"`);
  return { type: "problem", severity: "error", role: "sender", text, path, errno: 2 };
}

/** Something went away, or was not there when it was looked for. */
export function hasVanished(path: ByteName, kind: "file" | "directory"): ProblemEvent {
  const text = byteName(`${kind} has vanished: "${path}"`);
  return { type: "problem", severity: "vanished", role: "sender", text, path, errno: 2 };
}

function remark(code: NoticeCode, path: ByteName, text: string): NoticeEvent {
  return { type: "notice", role: "sender", code, path, text: byteName(text) };
}
