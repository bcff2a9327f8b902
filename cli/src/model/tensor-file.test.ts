import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeNpy, encodeNpz, f32 } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { temporary } from "../testing.ts";
import { readTensors, writeTensors } from "./tensor-file.ts";

test("what is written is read again; what is not there is named", async () => {
  const path = join(temporary(), "t.safetensors");
  await writeTensors(path, new Map([["x", f32([1, 2], [2])]]));
  expect([...(await readTensors(path)).keys()]).toEqual(["x"]);
  await expect(readTensors(`${path}.x`)).rejects.toMatchObject({ code: "FILE_MISSING" });
});

test("the ending decides what is written, the content how it is read", async () => {
  const tensors = new Map([["x", f32([1, 2], [2])]]);
  const folder = temporary();
  await writeTensors(join(folder, "t.npz"), tensors);
  expect([...(await readFile(join(folder, "t.npz")))]).toEqual([...encodeNpz(tensors)]);
  await writeFile(join(folder, "zip.safetensors"), encodeNpz(tensors));
  expect(await readTensors(join(folder, "zip.safetensors"))).toEqual(tensors);
  await writeFile(join(folder, "x.npy"), encodeNpy(f32([1, 2], [2])));
  expect(await readTensors(join(folder, "x.npy"))).toEqual(tensors);
});
