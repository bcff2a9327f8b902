import { chmod, mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, expect, test } from "vitest";

import { createKeyFile, readKeyFile } from "./key-file.ts";

let path: string;
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), "edgeloop-key-")), "offline.key");
});

test("a key is written for its owner alone, and read again", async () => {
  const key = await createKeyFile(path, "offline");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await readKeyFile(path, "offline")).keyId).toBe(key.keyId);
  expect(await readdir(join(path, ".."))).toEqual(["offline.key"]);
});

test("a key is never overwritten", async () => {
  const key = await createKeyFile(path, "offline");
  await expect(createKeyFile(path, "offline")).rejects.toMatchObject({ code: "KEY_FILE_EXISTS" });
  expect((await readKeyFile(path, "offline")).keyId).toBe(key.keyId);
  expect(await readdir(join(path, ".."))).toEqual(["offline.key"]);
});

test("an offline key does not pass for an online one", async () => {
  await createKeyFile(path, "offline");
  await expect(readKeyFile(path, "online")).rejects.toMatchObject({ code: "KEY_ROLE_MISMATCH" });
});

test("a file that others may read is refused", async () => {
  await createKeyFile(path, "device");
  await chmod(path, 0o640);
  await expect(readKeyFile(path, "device")).rejects.toMatchObject({ code: "KEY_FILE_INVALID" });
});

test("a missing file and a file cut anywhere are refused with a code", async () => {
  await expect(readKeyFile(path, "device")).rejects.toMatchObject({ code: "KEY_FILE_MISSING" });
  await createKeyFile(path, "device");
  const whole = await readFile(path);
  for (let length = 0; length < whole.length - 1; length += 7) {
    await writeFile(path, whole.subarray(0, length));
    await expect(readKeyFile(path, "device")).rejects.toMatchObject({ code: "KEY_FILE_INVALID" });
  }
});
