import { join } from "node:path";
import { f32 } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { temporary } from "../testing.ts";
import { readTensors, writeTensors } from "./tensor-file.ts";

test("what is written is read again; what is not there is named", async () => {
  const path = join(temporary(), "t.safetensors");
  await writeTensors(path, new Map([["x", f32([1, 2], [2])]]));
  expect([...(await readTensors(path)).keys()]).toEqual(["x"]);
  await expect(readTensors(`${path}.x`)).rejects.toMatchObject({ code: "FILE_MISSING" });
});
