import { expect, test } from "vitest";
import { isName, isSha256, parseName, parseSha256 } from "./ids.ts";

test.for(["a", "0", "pump-3", "a-", `a${"-".repeat(62)}`])("%s is a name", (text) => {
  expect(isName(text)).toBe(true);
  expect(parseName(text)).toBe(text);
});

test.for([
  "",
  "-a",
  "A",
  "a_b",
  "a.b",
  "a/b",
  "../a",
  "a\n",
  "ä",
  "a b",
  "+",
  "#",
  "a".repeat(64),
  7,
  null,
  undefined,
])("%j is no name", (text) => {
  expect(isName(text)).toBe(false);
  expect(() => parseName(text)).toThrowError(expect.objectContaining({ code: "NAME_INVALID" }));
});

test("a SHA-256 is 64 lower-case hexadecimal digits and nothing else", () => {
  const good = "0123456789abcdef".repeat(4);
  expect(parseSha256(good)).toBe(good);
  const bad = [good.slice(1), `${good}0`, good.toUpperCase(), `${good}\n`, `g${good.slice(1)}`, 1];
  for (const text of bad) {
    expect(isSha256(text)).toBe(false);
    expect(() => parseSha256(text)).toThrowError(
      expect.objectContaining({ code: "SHA256_INVALID" }),
    );
  }
});
