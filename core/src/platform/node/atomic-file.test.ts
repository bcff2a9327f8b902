import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { crashFileSystem, survivals } from "../../testing/node/crash-file-system.ts";
import { fromUtf8, utf8 } from "../bytes.ts";
import { EdgeloopError } from "../errors.ts";
import { readFileOrPrevious, writeFileAtomic } from "./atomic-file.ts";

const root = await mkdtemp(join(tmpdir(), "edgeloop-atomic-"));
afterAll(() => rm(root, { recursive: true }));

test("a file is created and replaced, and nothing else is left", async () => {
  const directory = await mkdtemp(join(root, "a-"));
  const path = join(directory, "state.json");
  await writeFileAtomic(path, utf8("one"));
  await writeFileAtomic(path, utf8("two"));
  expect(await readFile(path, "utf8")).toBe("two");
  expect(await readdir(directory)).toEqual(["state.json"]);
});

test("writes to one path at once end with one of them, whole, the last asked for", async () => {
  const path = join(root, "busy");
  const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(1000));
  await Promise.all(texts.map((text) => writeFileAtomic(path, utf8(text))));
  expect(await readFile(path, "utf8")).toBe(texts.at(-1));
});

test("a failed write leaves the old content and no temporary file", async () => {
  const directory = await mkdtemp(join(root, "f-"));
  await expect(writeFileAtomic(join(directory, "no", "such"), utf8("x"))).rejects.toMatchObject({
    code: "ENOENT",
  });
  expect(await readdir(directory)).toEqual([]);
});

// "old" then "the new one" under a cut after each step: what is read back must be one of them, and the new one once
// acknowledged; without `keepPrevious` and with it.
test.for([false, true])(
  "a power cut at any step leaves old or new (previous kept: %s)",
  async (keepPrevious) => {
    const path = "/data/state";
    const counting = crashFileSystem();
    await writeFileAtomic(path, utf8("old"), { keepPrevious, fileSystem: counting });
    const before = counting.steps;
    await writeFileAtomic(path, utf8("the new one"), { keepPrevious, fileSystem: counting });
    const stepsOfWrite = counting.steps - before;
    expect(stepsOfWrite).toBeGreaterThanOrEqual(5);
    for (let cut = 0; cut <= stepsOfWrite; cut += 1) {
      const disk = crashFileSystem();
      await writeFileAtomic(path, utf8("old"), { keepPrevious, fileSystem: disk });
      disk.cutAfter(cut);
      const acknowledged = await writeFileAtomic(path, utf8("the new one"), {
        keepPrevious,
        fileSystem: disk,
      }).then(
        () => true,
        () => false,
      );
      expect(acknowledged).toBe(cut === stepsOfWrite);
      for (const survival of survivals) {
        const text = fromUtf8(await disk.restart(survival).read(path));
        expect(acknowledged ? ["the new one"] : ["old", "the new one"]).toContain(text);
      }
    }
  },
);

const parse = (bytes: Uint8Array): string => {
  const text = fromUtf8(bytes);
  if (text.endsWith("!")) return text;
  throw new EdgeloopError("STATE_DAMAGED", "the file must end with its mark");
};

test("damaged content falls back to the previous one", async () => {
  const fileSystem = crashFileSystem();
  const path = "/data/state";
  expect(await readFileOrPrevious(path, parse, fileSystem)).toBeUndefined();
  await writeFileAtomic(path, utf8("one!"), { keepPrevious: true, fileSystem });
  await writeFileAtomic(path, utf8("two!"), { keepPrevious: true, fileSystem });
  expect(await readFileOrPrevious(path, parse, fileSystem)).toEqual({
    value: "two!",
    from: "current",
  });
  await (await fileSystem.create(path)).write(utf8("tw"));
  expect(await readFileOrPrevious(path, parse, fileSystem)).toEqual({
    value: "one!",
    from: "previous",
  });
  await (await fileSystem.create(`${path}.prev`)).write(utf8(""));
  await expect(readFileOrPrevious(path, parse, fileSystem)).rejects.toMatchObject({
    code: "STATE_DAMAGED",
  });
});
