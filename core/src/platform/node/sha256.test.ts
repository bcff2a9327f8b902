import { expect, test } from "vitest";
import { utf8 } from "../bytes.ts";
import { sha256 } from "../sha256.ts";
import { sha256Stream, sha256Sync } from "./sha256.ts";

// FIPS 180-4's examples of one block and of two.
test.for([
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
] as const)(
  "the digest of %s is the standard's, in one call, in pieces and portably",
  async ([text, digest]) => {
    const stream = sha256Stream();
    for (const letter of text) stream.update(utf8(letter));
    expect(sha256Sync(utf8(text))).toBe(digest);
    expect(stream.digest()).toBe(digest);
    expect(await sha256(utf8(text))).toBe(digest);
  },
);
