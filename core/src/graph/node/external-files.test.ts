import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { externalFiles } from "./external-files.ts";

const root = mkdtempSync(join(tmpdir(), "edgeloop-external-"));
afterAll(() => rmSync(root, { recursive: true }));
const folder = join(root, "model");
mkdirSync(join(folder, "part"), { recursive: true });
writeFileSync(join(folder, "part", "w.bin"), Uint8Array.of(1, 2, 3, 4));
writeFileSync(join(root, "secret.bin"), Uint8Array.of(9, 9, 9, 9));
symlinkSync(join(root, "secret.bin"), join(folder, "link.bin"));
symlinkSync(root, join(folder, "out"));
symlinkSync("part/w.bin", join(folder, "near.bin"));
execFileSync("mkfifo", [join(folder, "pipe")]);

const read = (location: string, offsetBytes = 0, lengthBytes = 4): Uint8Array =>
  externalFiles(folder)({ location, offsetBytes, lengthBytes });

test("a range of a file below the folder is read", () => {
  expect(read("part/w.bin", 1, 2)).toEqual(Uint8Array.of(2, 3));
  expect(read("part/w.bin", 4, 0)).toEqual(new Uint8Array(0));
});

test.for([
  ["a file that is not there", "none.bin", 4],
  ["a range after the file", "part/w.bin", 5],
  ["a length that no memory has", "part/w.bin", 2 ** 52],
  ["a link out of the folder", "link.bin", 4],
  ["a link inside the folder", "near.bin", 4],
  ["a folder that is a link", "out/secret.bin", 4],
  ["a folder", "part", 0],
  ["a name that is too long", "a".repeat(300), 4],
  ["a file where a folder should be", "part/w.bin/x", 4],
  ["a pipe", "pipe", 0],
] as const)("%s is refused", ([, location, length]) => {
  expect(() => read(location, 0, length)).toThrow(
    expect.objectContaining({
      code: "ONNX_EXTERNAL_INVALID",
      message: expect.stringContaining(location),
    }),
  );
});
