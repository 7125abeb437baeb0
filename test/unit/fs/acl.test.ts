import { describe, expect, it } from "vitest";
import {
  accessAclDiffers,
  accessAclToSend,
  accessAclToSet,
  aclEquivalentToMode,
  defaultAclDiffers,
  defaultAclPermissions,
  defaultAclToSend,
  defaultAclToSet,
  mapAclIds,
} from "../../../src/fs/acl.ts";
import { type Acl, formatAcl, parseAcl } from "../../../src/protocol/posix-acl.ts";

// The example of 2-file-list 7.3, mode 0100674.
const example = Buffer.from(
  "02000000 01000600ffffffff 0200070001000000 0200040039300000 04000400ffffffff 0800050002000000 0800040031d40000" +
    "10000700ffffffff 20000400ffffffff",
  "latin1",
);
const value = Uint8Array.from(Buffer.from(example.toString("latin1").replaceAll(" ", ""), "hex"));
const named: Acl["named"] = [
  { kind: "user", id: 1, perm: 7 },
  { kind: "user", id: 12345, perm: 4 },
  { kind: "group", id: 2, perm: 5 },
  { kind: "group", id: 54321, perm: 4 },
];
const full: Acl = { userObj: 6, groupObj: 4, mask: 7, other: 4, named };
const minimal: Acl = { userObj: 6, groupObj: 4, mask: undefined, other: 4, named: [] };

function acl(changes: Partial<Acl>): Uint8Array {
  return formatAcl({
    userObj: undefined,
    groupObj: undefined,
    mask: undefined,
    other: undefined,
    named: [],
    ...changes,
  });
}

describe("parseAcl and formatAcl", () => {
  it("know the form of the attribute", () => {
    expect(parseAcl(value)).toEqual(full);
    expect(formatAcl(full)).toEqual(value);
    expect(formatAcl({ ...full, named: [...named].reverse() })).toEqual(value);
  });

  it.each([
    ["", "empty"],
    ["020000", "short header"],
    ["01000000", "other version"],
    ["0200000001000600ffffff", "cut entry"],
    ["0200000003000600ffffffff", "unknown tag"],
    ["0200000001000800ffffffff", "permission over 7"],
  ])("refuse %s (%s)", (hex) => {
    expect(parseAcl(Buffer.from(hex, "hex"))).toBeUndefined();
  });
});

describe("access ACL", () => {
  it.each([
    [minimal, true],
    [full, false],
    [{ ...minimal, mask: 7 }, false],
  ])("aclEquivalentToMode %#", (one, expected) => {
    expect(aclEquivalentToMode(formatAcl(one))).toBe(expected);
  });

  it.each([
    ["none", undefined, 0o674, undefined],
    ["minimal", minimal, 0o644, undefined],
    ["mask is the group bits", full, 0o674, { groupObj: 4, named }],
    ["group is the group bits", full, 0o644, { mask: 7, named }],
    ["both", { ...full, groupObj: 7 }, 0o674, { named }],
    ["mask without named entries", { ...minimal, mask: 4 }, 0o644, { mask: 4 }],
    ["mask and another group", { ...minimal, mask: 6 }, 0o664, { groupObj: 4, mask: 6 }],
  ] as [string, Acl | undefined, number, Partial<Acl> | undefined][])(
    "accessAclToSend leaves out what the mode tells: %s",
    (_, one, mode, expected) => {
      expect(accessAclToSend(one && formatAcl(one), 0o100000 | mode)).toEqual(expected && acl(expected));
    },
  );

  it.each([
    ["nothing sent", undefined, 0o674, undefined],
    ["the example", { groupObj: 4, named }, 0o674, full],
    ["group from the mode", { named }, 0o674, { ...full, groupObj: 7 }],
    ["another final mode", { groupObj: 4, named }, 0o4751, { userObj: 7, groupObj: 4, mask: 5, other: 1, named }],
    ["mask only", { mask: 4 }, 0o644, { ...minimal, mask: 4 }],
  ] as [string, Partial<Acl> | undefined, number, Acl | undefined][])(
    "accessAclToSet: %s",
    (_, sent, mode, expected) => {
      expect(accessAclToSet(sent && acl(sent), mode, false)).toEqual(expected && formatAcl(expected));
    },
  );

  it.each([
    ["group from the mode", { named }, { mask: 7, named }],
    ["another mask", { groupObj: 4, mask: 2, named }, { groupObj: 4, mask: 2, named }],
  ] as [string, Partial<Acl>, Partial<Acl>][])("accessAclToSet of what is noted: %s", (_, sent, expected) => {
    expect(accessAclToSet(acl(sent), 0o674, true)).toEqual(acl(expected));
  });

  it.each([
    ["neither", undefined, undefined, false],
    ["only sent", { named }, undefined, true],
    ["only existing", undefined, full, true],
    ["existing says no more than its mode", undefined, minimal, false],
    ["same", { groupObj: 4, named }, full, false],
    ["other group", { groupObj: 5, named }, full, true],
    ["group left out", { named }, full, true],
    ["group left out, same", { named }, { ...full, groupObj: 7 }, false],
    ["mask differs only", { groupObj: 4, mask: 1, named }, full, false],
    ["other and owner differ only", { groupObj: 4, named }, { ...full, userObj: 0, other: 0 }, false],
    ["another entry", { groupObj: 4, named: named.slice(1) }, full, true],
    ["another permission", { groupObj: 4, named: [{ kind: "user", id: 1, perm: 6 }, ...named.slice(1)] }, full, true],
  ] as [string, Partial<Acl> | undefined, Acl | undefined, boolean][])(
    "accessAclDiffers: %s",
    (_, sent, existing, expected) => {
      expect(accessAclDiffers(sent && acl(sent), 0o674, existing && formatAcl(existing), 0o674)).toBe(expected);
    },
  );

  it("sending and setting with the same mode gives the same ACL", () => {
    const sent = accessAclToSend(value, 0o100674);
    expect(accessAclToSet(sent, 0o674, false)).toEqual(value);
    expect(accessAclDiffers(sent, 0o100674, value, 0o100674)).toBe(false);
  });
});

describe("default ACL", () => {
  it("is sent and set whole", () => {
    expect(defaultAclToSend(undefined)).toBeUndefined();
    expect(defaultAclToSend(value)).toEqual(value);
    expect(defaultAclToSet(value)).toEqual(value);
    expect(defaultAclToSet(undefined)).toBeUndefined();
    expect(defaultAclToSet(acl({ mask: 4 }))).toBeUndefined();
    expect(defaultAclToSet(acl({ userObj: 7 }))).toEqual(acl({ userObj: 7, groupObj: 0, other: 0 }));
    const user = { kind: "user", id: 5, perm: 2 } as const;
    expect(defaultAclToSet(acl({ userObj: 7, groupObj: 4, other: 1, named: [user] }))).toEqual(
      acl({ userObj: 7, groupObj: 4, mask: 6, other: 1, named: [user] }),
    );
  });

  it("is compared exactly", () => {
    expect(defaultAclDiffers(undefined, undefined)).toBe(false);
    expect(defaultAclDiffers(value, value)).toBe(false);
    expect(defaultAclDiffers(undefined, value)).toBe(true);
    expect(defaultAclDiffers(value, undefined)).toBe(true);
    expect(defaultAclDiffers(value, formatAcl({ ...full, mask: 5 }))).toBe(true);
    expect(defaultAclDiffers(value, formatAcl({ ...full, other: 5 }))).toBe(true);
  });

  it("tells the permissions of new files", () => {
    expect(defaultAclPermissions(value)).toBe(0o674);
    expect(defaultAclPermissions(formatAcl(minimal))).toBe(0o644);
  });
});

describe("mapAclIds", () => {
  it("maps named entries and sorts again", () => {
    const mapped = mapAclIds(value, (kind, id) => (kind === "user" ? 20_000 - id : id + 1));
    expect(parseAcl(mapped)?.named).toEqual([
      { kind: "user", id: 7655, perm: 4 },
      { kind: "user", id: 19_999, perm: 7 },
      { kind: "group", id: 3, perm: 5 },
      { kind: "group", id: 54_322, perm: 4 },
    ]);
  });
});
