import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { crashFileSystem } from "../../testing/node/crash-file-system.ts";
import { fromUtf8, utf8 } from "../bytes.ts";
import type { FileSystem } from "./file-system.ts";
import { nodeFileSystem } from "./file-system.ts";

const root = await mkdtemp(join(tmpdir(), "edgeloop-fs-"));
afterAll(() => rm(root, { recursive: true }));

// The machine's file system and the one that faults are tested on must agree, or the faults would prove nothing.
describe.each([
  ["the machine's file system", nodeFileSystem, root],
  ["the file system that loses power", crashFileSystem(), "/disk"],
] as const)("%s", (_name, files: FileSystem, base) => {
  const write = async (path: string, text: string): Promise<void> => {
    const file = await files.create(path);
    await file.write(utf8(text.slice(0, 1)));
    await file.write(utf8(text.slice(1)));
    await file.sync();
    await file.close();
  };
  const read = async (path: string): Promise<string> => fromUtf8(await files.read(path));

  test("writes, replaces, renames, links, lists and removes", async () => {
    const folder = join(base, "a", "b");
    await files.makeDirectory(folder);
    await write(join(folder, "one"), "old");
    await write(join(folder, "one"), "new");
    await files.link(join(folder, "one"), join(folder, "two"));
    await files.rename(join(folder, "one"), join(folder, "three"));
    await files.syncDirectory(folder);
    expect([await read(join(folder, "two")), await read(join(folder, "three"))]).toEqual([
      "new",
      "new",
    ]);
    expect((await files.list(folder)).toSorted()).toEqual(["three", "two"]);
    expect(await files.exists(join(folder, "one"))).toBe(false);
    await files.remove(join(folder, "two"));
    await files.remove(join(folder, "two"));
    expect(await files.list(folder)).toEqual(["three"]);
    expect(await files.exists(join(folder, "three"))).toBe(true);
  });

  test("what is absent has Node's code", async () => {
    const absent = join(base, "nowhere");
    await expect(files.read(absent)).rejects.toMatchObject({ code: "ENOENT" });
    await expect(files.rename(absent, join(base, "x"))).rejects.toMatchObject({ code: "ENOENT" });
    await expect(files.link(absent, join(base, "x"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
