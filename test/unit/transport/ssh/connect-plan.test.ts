import { expect, test } from "vitest";
import { planConnection } from "../../../../src/transport/ssh/connect-plan.ts";
import type { SshSettings } from "../../../../src/transport/ssh/ssh-options.ts";

const none = { port: undefined, user: undefined, knownHosts: undefined, family: undefined, askPassphrase: undefined };
const settings: SshSettings = {
  ...{ ...none, identityFiles: [], privateKeys: [], agent: "none", accept: [], configFile: "none", overrides: [] },
  ...{ keepAliveSeconds: undefined, connectTimeoutSeconds: undefined },
};
const caller = { home: "/nonexistent", user: "u", variables: {}, onWarning: () => undefined };

test.each([
  ["ConnectTimeout 99999999", "ServerAliveInterval 520w"],
  ["ConnectTimeout 9", "ServerAliveInterval 1m30s"],
])("planConnection has times that a timer takes: %s, %s", (...overrides) => {
  const plan = planConnection("h", { ...settings, overrides }, caller);
  const isLong = overrides[1].includes("w");
  expect(plan.connectTimeoutSeconds).toBe(isLong ? 2_147_483 : 9);
  expect(plan.keepAliveSeconds).toBe(isLong ? 2_147_483 : 90);
});
