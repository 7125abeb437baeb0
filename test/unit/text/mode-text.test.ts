import { expect, test } from "vitest";
import { modeText, permissionText } from "../../../src/text/mode-text.ts";

test.each([
  [0o040755, "drwxr-xr-x"],
  [0o104751, "-rwsr-x--x"],
  [0o104641, "-rwSr----x"],
  [0o042710, "drwx--s---"],
  [0o042700, "drwx--S---"],
  [0o041777, "drwxrwxrwt"],
  [0o101644, "-rw-r--r-T"],
  [0o120777, "lrwxrwxrwx"],
  [0o020644, "crw-r--r--"],
  [0o060644, "brw-r--r--"],
  [0o140755, "srwxr-xr-x"],
  [0o010644, "prw-r--r--"],
  [0o100000, "----------"],
])("modeText(%o) is %s", (mode, text) => {
  expect(modeText(mode)).toBe(text);
  expect(permissionText(mode)).toBe(text.slice(1));
});
