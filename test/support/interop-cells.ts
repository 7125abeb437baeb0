/** What the interop matrix is made of: option sets, roles, transports, and the trees that they are tried on. */
import type { Peer } from "./peers.ts";

/** What tsync is in a run with another rsync; `both-*`: tsync at both ends. */
export const interopRoles = [
  "client-push",
  "client-pull",
  "server-receiving",
  "server-sending",
  "both-push",
  "both-pull",
] as const;
export type InteropRole = (typeof interopRoles)[number];

/** A shell on pipes, a daemon's TCP, a real sshd by the system's ssh, and the same by the built-in ssh of a client. */
export const interopTransports = ["shell", "daemon", "ssh", "builtin"] as const;
export type InteropTransport = (typeof interopTransports)[number];

/** Protocols, as far as a peer speaks them. */
export const interopProtocols: readonly number[] = [27, 28, 29, 30, 31, 32];

/** Options that are tried together. */
export interface OptionSet {
  readonly name: string;
  /** `{far}`: the run's folder as the other side calls it; `{koi8}`: `--iconv` for a source in KOI8-R and a destination in UTF-8. */
  readonly options: string;
  /** Sources below the run's folder. */
  readonly sources: readonly string[];
  readonly destination: string;
  readonly transports: readonly InteropTransport[];
}

/** One run and what it is compared with. */
export interface InteropCell {
  readonly peer: Peer;
  readonly role: InteropRole;
  readonly transport: InteropTransport;
  readonly protocol: number;
  readonly set: OptionSet;
}

/** The trees: `s` a source, `d` an older copy of it with changes, `i` names in UTF-8, `list` names below `s`. */
export const interopSetup = `
mkdir -p s/x/y s/z 's/a b' s/empty i/ordner
echo a > s/f; echo b > s/x/g; seq 1 40000 > s/x/y/big; ln -s f s/l; touch s/zero
echo 1 > s/h1; ln s/h1 s/h2; ln s/h1 s/x/h3; echo hh > s/x/k1; ln s/x/k1 s/z/k2; ln s/x/k1 s/a\\ b/k3
printf 'x' > "s/a b/it's"; printf 'y' > "s/a b/$(printf 'n\\303\\251\\377')"
mkfifo s/p; head -c 300000 /dev/zero > s/zeros; echo x >> s/zeros; mknod s/x/null c 1 3; mknod s/z/blk b 7 200
head -c 70000 /dev/urandom > s/random; seq 1 20000 > s/renamed-list.txt
chmod 600 s/f; chown 1234:5678 s/x/g; chmod 4755 s/x/y/big; ln -s nowhere s/dangling
echo o > s/t.o; echo c > s/t.c
touch -d 2030-01-01 s/z; touch -d '2001-02-03 04:05:06.123456789' s/f s/x; touch -d '1975-01-01' s/t.c
long=$(printf 'x%.0s' $(seq 1 100))
for f in s/f s/x s/x/g s/x/k1 s/empty; do setfattr -n user.short -v hello $f; setfattr -n user.long -v $long $f; done
setfattr -n user.long -v $long s/x/y/big; setfattr -h -n trusted.l -v $long s/l
setfacl -m u:1234:rw,g:77:r s/f; setfacl -m u:99:r s/x/g; setfacl -d -m u:5:rwx,o:- s/x
cp -a s d
sed -i 's/^777$/changed/' d/x/y/big; touch -d 2020-01-01 d/x/y/big
rm -rf d/z d/l d/h2 d/p d/x/k1 d/renamed-list.txt; mkdir -p d/zzz/q
seq 1 19990 > d/renamed-old.txt; head -c 50000 s/random > d/random; touch -d 2019-01-01 d/random d/renamed-old.txt
echo old > d/f; echo 1 > d/zzz/q/r; echo junk > d/junk; ln -s other d/l; echo 1 > d/h2; echo o > d/junk.o
chmod 777 d/x; rm d/zero; mkdir d/zero; setfattr -n user.extra -v e d/t.c; setfacl -b d/x/g; setfacl -m u:7:r d/t.o
printf 'f\\nx/y/\\nx/g\\nnope\\nz\\n' > list
echo 1 > 'i/gr\u00fc\u00df'; echo 2 > i/ordner/\u00e9t\u00e9; ln -s ordner/\u00e9t\u00e9 'i/link-\u00f1'; echo 3 > i/plain
printf 'gr\u00fc\u00df\\nordner\\n' > ilist
find s -type d -exec touch -d '2002-02-02 02:02:02.2' {} +; find d -type d -exec touch -d '2003-03-03 03:03:03.3' {} +
mkdir -p e k/$(printf '\\301\\302') k/$(printf '\\325\\326') k/a kd/z
for n in '\\301' '\\302' '\\322' '\\340' '\\300' '\\361' x '\\301\\302/\\305' '\\301\\302/\\304' '\\325\\326/\\330'; do printf $n >k/$(printf $n); done
ln k/x k/a/$(printf '\\327'); ln k/$(printf '\\322') k/a/q; ln -s $(printf '\\301') k/lnk; echo 1 >kd/$(printf '\\320\\260'); echo 2 >kd/z/$(printf '\\320\\262')
`;

const set = (
  name: string,
  options: string,
  sources: readonly string[] = ["s/"],
  destination = "d/",
  transports: readonly InteropTransport[] = interopTransports,
): OptionSet => ({ name, options, sources, destination, transports });

/** All option sets. */
export const optionSets: readonly OptionSet[] = [
  set("`-a`", "-a"),
  set("`-a`, new destination", "-a", ["s"], "new"),
  set("`-aH`", "-aH"),
  set("`-aH --no-inc-recursive`", "-aH --no-inc-recursive"),
  set("`-aAX`", "-aAX"),
  set("`-aHAX --numeric-ids`", "-aHAX --numeric-ids"),
  set("`-az`", "-az"),
  set("`-az --zc=zstd`", "-az --compress-choice=zstd"),
  set("`-az --zc=lz4`", "-az --compress-choice=lz4"),
  set("`-az --zc=zlibx`", "-az --compress-choice=zlibx"),
  set("`-az --zc=zlib`", "-az --compress-choice=zlib"),
  set("`-ac`", "-ac"),
  set("`-ac --cc=xxh64`", "-ac --checksum-choice=xxh64"),
  set("`-aH --delete`", "-aH --delete"),
  set("`-a --delete-before`", "-a --delete-before"),
  set("`-a --delete-after`", "-a --delete-after"),
  set("`-a --delete-delay`", "-a --delete-delay"),
  set(
    "`-a --delete-excluded --exclude`",
    "-a --delete --delete-excluded --exclude=*.o --include=zzz/q/ --exclude=/zzz/q/*",
  ),
  set("`-a --inplace`", "-a --inplace"),
  set("`-a --append-verify`", "-a --append-verify"),
  set("`-a --partial-dir --delay-updates`", "-a --partial-dir=.part --delay-updates --delete"),
  set("`-a --fuzzy`", "-a --fuzzy"),
  set("`-ab --backup-dir`", "-ab --backup-dir=.old --delete"),
  set("`-aR`", "-aR", ["s/./x/y", "s/./z"], "e/"),
  set("`-a --files-from`", "-a --files-from=list", ["s/"], "e/"),
  set("`-a --files-from`, list at the far side", "-ar --files-from=:{far}/list", ["s/"], "e/"),
  set("`-aX --fake-super` at both ends", "-aX --fake-super -M--fake-super"),
  set("`-aS`", "-aS", ["s/"], "e/"),
  set("`-a --remove-source-files`", "-a --remove-source-files"),
  set("`-au --existing -C`", "-auC --existing"),
  set("`-a --iconv`", "-a --iconv=UTF-8,ISO-8859-1", ["i/"], "e/"),
  set("`-a --iconv`, names that cannot be converted", "-a --iconv=UTF-8,ISO-8859-1", ["s/"], "e/"),
  set("`-as --iconv --files-from`", "-as --iconv=UTF-8,ISO-8859-1 --files-from=ilist", ["i/"], "e/"),
  set("`-aHy --delete --iconv`, KOI8-R to UTF-8", "-aHy --iconv={koi8} --delete", ["k/"], "kd/", [
    "shell",
    "ssh",
    "builtin",
  ]),
];

/** Every combination; tsync at both ends does not depend on a peer: it is in the matrix once. */
export function allCells(peers: readonly Peer[]): InteropCell[] {
  const cells: InteropCell[] = [];
  for (const peer of peers) {
    for (const role of interopRoles) {
      if (role.startsWith("both") && peer.source !== "installed") continue;
      for (const transport of interopTransports) {
        // There is no daemon of tsync's own, and only a client has an ssh built in.
        if (transport === "daemon" && !role.startsWith("client")) continue;
        if (transport === "builtin" && role.startsWith("server")) continue;
        for (const set of optionSets) {
          if (!set.transports.includes(transport)) continue;
          for (const protocol of interopProtocols) {
            if (protocol > peer.protocol) continue;
            // Over ssh the bytes are those of the pipe: the oldest protocol and the newest one.
            if (transport === "ssh" || transport === "builtin") {
              if (protocol !== interopProtocols[0] && protocol !== peer.protocol) continue;
            }
            cells.push({ peer, role, transport, protocol, set });
          }
        }
      }
    }
  }
  return cells;
}

/** A cell in a few words. */
export function cellName({ peer, role, transport, protocol, set }: InteropCell): string {
  return `${peer.version} ${role} ${transport} ${protocol} ${set.name}`;
}
