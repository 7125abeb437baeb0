/**
 * The sources of the backup script: a machine's configuration, a media folder and documents, with what such folders
 * really hold (odd names, links, special modes, ACLs, extended attributes, one from 1969), and
 * the changes and deletions that a day brings.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  ftruncateSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { must, settle } from "./support.ts";

/** Names that the first run must leave out, and one that looks as if it were. */
const excludes = "# editors\n*.swp\n/.git/\n/result\n- cache/\n+ cache.nix\n";

/** Writes `excludes.txt` into the folder where the script runs. */
export function writeExcludes(cwd: string): void {
  writeFileSync(`${cwd}/excludes.txt`, excludes);
}

/** Builds the three sources below `src`. */
export function buildSource(src: string): void {
  buildNixos(`${src}/etc/nixos`);
  buildMedia(`${src}/mnt/media`);
  buildDocuments(`${src}/home`);
  settle(src, "2024-02-03 04:05:06.7");
}

function buildNixos(top: string): void {
  mkdirSync(`${top}/modules/cache`, { recursive: true });
  mkdirSync(`${top}/.git/objects`, { recursive: true });
  mkdirSync(`${top}/secrets`);
  writeFileSync(`${top}/configuration.nix`, '{ config, pkgs, ... }: { system.stateVersion = "24.05"; }\n');
  writeFileSync(`${top}/hardware-configuration.nix`, "{ }\n");
  writeFileSync(`${top}/flake.lock`, JSON.stringify({ version: 7, nodes: {} }));
  writeFileSync(`${top}/.configuration.nix.swp`, "x");
  writeFileSync(`${top}/.git/objects/aa`, "x");
  writeFileSync(`${top}/modules/cache/x`, "x");
  writeFileSync(`${top}/modules/cache.nix`, "{ }\n");
  writeFileSync(`${top}/modules/empty.nix`, "");
  writeFileSync(`${top}/secrets/wifi.key`, "psk\n", { mode: 0o400 });
  chmodSync(`${top}/secrets`, 0o700);
  symlinkSync("/nix/store/none-system", `${top}/result`);
  symlinkSync("../configuration.nix", `${top}/modules/main.nix`);
  must("setfacl", ["-m", "u:1000:r,g:100:-", `${top}/flake.lock`]);
  must("setfacl", ["-d", "-m", "u:1000:rwx", `${top}/modules`]);
  must("setfattr", ["-n", "user.comment", "-v", "0x00ff0a20", `${top}/configuration.nix`]);
  must("setfattr", ["-n", "trusted.origin", "-v", "host", `${top}/modules`]);
}

function buildMedia(top: string): void {
  for (let album = 1; album <= 12; album++) {
    const folder = `${top}/music/Album ${album}`;
    mkdirSync(folder, { recursive: true });
    for (let track = 1; track <= 15; track++) {
      const path = `${folder}/${String(track).padStart(2, "0")} - Stück.ogg`;
      writeFileSync(path, Buffer.alloc(3000 * track + album, album * 16 + track));
      utimesSync(path, 1_600_000_000 + track, 1_600_000_000 + track + album / 16);
    }
  }
  mkdirSync(`${top}/photos`);
  writeFileSync(Buffer.from(`${top}/photos/caf\xe9.jpg`, "latin1"), Buffer.alloc(70_000, 7));
  writeFileSync(`${top}/photos/two\nlines.jpg`, "jpg");
  writeFileSync(`${top}/photos/-rf *.jpg`, "jpg");
  writeFileSync(`${top}/photos/1969.jpg`, "moon");
  must("touch", ["-d", "1969-07-20 20:17:40.5 UTC", `${top}/photos/1969.jpg`]);
  writeFileSync(`${top}/photos/2040.jpg`, "later");
  must("touch", ["-d", "2040-01-01 UTC", `${top}/photos/2040.jpg`]);
  setMovie(`${top}/movie.mkv`, 5, 1);
}

function buildDocuments(home: string): void {
  mkdirSync(`${home}/documents/archive`, { recursive: true });
  mkdirSync(`${home}/documents/empty`);
  writeFileSync(`${home}/notes.txt`, "remember\n");
  writeFileSync(`${home}/documents/tax.ods`, Buffer.alloc(200_000, 9));
  linkSync(`${home}/documents/tax.ods`, `${home}/documents/archive/tax-2023.ods`);
  writeFileSync(`${home}/documents/tool`, "#!/bin/sh\n");
  chownSync(`${home}/documents/tool`, 1, 12345);
  chmodSync(`${home}/documents/tool`, 0o6755);
  must("mkfifo", [`${home}/documents/queue`]);
  symlinkSync("nowhere", `${home}/documents/dangling`);
  lutimesSync(`${home}/documents/dangling`, 1_500_000_000, 1_500_000_000.25);
}

/** A file of many MiB that costs nothing to make: a few bytes, then a hole. */
export function setMovie(path: string, sizeMib: number, mark: number): void {
  const file = openSync(path, "w");
  try {
    writeSync(file, Buffer.alloc(4096, mark));
    ftruncateSync(file, sizeMib * 1024 * 1024);
  } finally {
    closeSync(file);
  }
}

/** What a day changes: contents, a mode, an ACL, an attribute, times, new and renamed files, changed types. */
export function changeSource(src: string): void {
  const nixos = `${src}/etc/nixos`;
  writeFileSync(`${nixos}/configuration.nix`, '{ config, pkgs, ... }: { system.stateVersion = "24.11"; }\n');
  chmodSync(`${nixos}/hardware-configuration.nix`, 0o600);
  must("setfacl", ["-m", "u:1000:rw", `${nixos}/flake.lock`]);
  must("setfattr", ["-n", "user.comment", "-v", "later", `${nixos}/modules/cache.nix`]);
  const media = `${src}/mnt/media`;
  utimesSync(`${media}/photos/-rf *.jpg`, 1, 2);
  writeFileSync(`${media}/music/Album 1/16 - Bonus.ogg`, Buffer.alloc(1000, 1));
  renameSync(`${media}/music/Album 2`, `${media}/music/Album II`);
  rmSync(`${media}/photos/2040.jpg`);
  symlinkSync("1969.jpg", `${media}/photos/2040.jpg`);
  writeFileSync(`${src}/home/documents/archive/tax-2024.ods`, "new");
  writeFileSync(`${src}/home/notes.txt`, "remember this\n");
  settle(src, "2024-05-06 07:08:09.123456789");
}

/** What a day deletes, a whole folder and the target of a link among it. */
export function deleteFromSource(src: string): void {
  rmSync(`${src}/etc/nixos/modules/empty.nix`);
  rmSync(`${src}/etc/nixos/secrets`, { recursive: true });
  rmSync(`${src}/home/documents/archive`, { recursive: true });
  rmSync(`${src}/home/documents/queue`);
  rmSync(`${src}/mnt/media/music/Album 3`, { recursive: true });
  settle(src, "2024-07-08 09:10:11.5");
}
