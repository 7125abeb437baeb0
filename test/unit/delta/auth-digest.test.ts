/** Answers to challenges of daemons, with the examples of 1-session 8.3. */
import { expect, test } from "vitest";
import { authDigests, authResponse } from "../../../src/delta/auth-digest.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

test.each([
  ["sha1", "StRqwUgE5VgJQOeBrVp8unDOMpE", false, "gO0J5N7boeOFZC15brpY5dEa5Os"],
  ["md5", "gs6XN+yonvTqzc/BMtWUCw", false, "PXxwmNW6bGUxv/mqh+tHvA"],
  ["md4", "Qdi9Cg/pmJpttEKZ36Xt8A", true, "iKF9CGeOhZdUmah53VbGXQ"],
] as const)("authResponse with %s", (digest, challenge, seeded, expected) => {
  expect(authResponse(digest, bytes("secret"), bytes(challenge), seeded)).toBe(expected);
});

test("authResponse has the length of its digest, without padding", () => {
  const lengths = authDigests.map((digest) => authResponse(digest, bytes("x"), bytes("y"), false).length);
  expect(lengths).toEqual([86, 43, 27, 22, 22]);
});
