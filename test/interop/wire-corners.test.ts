/**
 * Corners of pulls that random cases between two machines came upon, with tsync at either end and at both (docs/spec/1-session 4.4, 7.5;
 * 3-transfer 9.4, 9.6).
 */
import { describe, expect, test } from "vitest";
import { type WireRole, wireRoles } from "../support/wire-roles.ts";

const run = wireRoles(`
mkdir -p s/x d; seq 9 >s/a; seq 99 >s/x/b; seq 5 >d/a
for i in $(seq 120); do echo $i >s/x/f$i; done; ln -s nowhere s/ln
`);

const pulls: readonly WireRole[] = ["pull-client", "pull-server", "pull-both"];

test("a file of a list without digests under --checksum: a server that sends leaves without a word", () => {
  for (const role of pulls)
    for (const options of ["-rc --cc=none", "-rc --cc=md5,none --no-i-r", "-rc --cc=none --protocol=29"])
      expect(run(role, `${options} s/ d/`).status).toBe(12);
});

describe("digests in formats", () => {
  test.each(["", "--cc=md5", "--cc=xxh64,auto", "--cc=auto,md5", "-c", "-c --cc=sha1,auto", "-c --cc=auto,md5"])(
    "of an old session: %s",
    (options) => {
      for (const role of [...pulls, "push-client"] as const)
        for (const more of ["", "-n"]) run(role, `-r --protocol=29 ${options} ${more} --out-format=%n|%C| s/ d/`);
    },
  );

  test("of a session that settled on another checksum", () => {
    const how = { variables: { RSYNC_CHECKSUM_LIST: "sha1" } };
    for (const role of [...pulls, "push-client"] as const)
      for (const more of ["", "-n", "-c"]) run(role, `-r ${more} --out-format=%n|%C| s/ d/`, how);
  });
});

test.each([27, 28, 29, 30])("an error of the sender before the list that is counted: protocol %i", (protocol) => {
  for (const role of pulls) run(role, `-rL --progress --no-i-r --protocol=${protocol} s/ d/`);
});
