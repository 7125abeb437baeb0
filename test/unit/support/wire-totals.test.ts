import { describe, expect, test } from "vitest";
import { totalsAgree } from "../../support/wire-totals.ts";

describe("totalsAgree", () => {
  test.each([
    ["sent 1,036 bytes  received 95 bytes", "sent 1,036 bytes  received 95 bytes", true],
    ["sent 1,036 bytes  received 95 bytes", "sent 1,040 bytes  received 87 bytes", true],
    ["sent 1,036 bytes  received 95 bytes", "sent 1,037 bytes  received 95 bytes", false],
    ["sent 1,036 bytes  received 95 bytes", "sent 1,096 bytes  received 95 bytes", false],
    ["sent 1,036 bytes  received 95 bytes", "Total bytes sent: 1,036", false],
    ["Total bytes sent: 3,000,036", "Total bytes sent: 3,000,436", true],
    ["Total bytes sent: 3,000,036", "Total bytes sent: 3,004,036", false],
    ["File list size: 629", "File list size: 612", true],
    ["File list size: 629", "File list size: 0", false],
    ["sent 4.83K bytes  received 2.27K bytes", "sent 4.82K bytes  received 2.27K bytes", true],
    ["sent 4.83K bytes  received 2.27K bytes", "sent 5.03K bytes  received 2.27K bytes", false],
  ])("%s and %s: %s", (left, right, agree) => {
    expect(totalsAgree([left], [right], false)).toBe(agree);
  });

  test("is less strict with compressed data", () => {
    expect(totalsAgree(["Total bytes sent: 2,238"], ["Total bytes sent: 2,249"], true)).toBe(true);
    expect(totalsAgree(["Total bytes sent: 2,238"], ["Total bytes sent: 2,649"], true)).toBe(false);
  });

  test("misses no line", () => {
    expect(totalsAgree(["Total bytes sent: 1"], [], true)).toBe(false);
  });
});
