import { join } from "node:path";
import { graphBuilder } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { temporary } from "../testing.ts";
import { readModel, writeModel } from "./model-file.ts";

test("what is written is read again; what is not there is named", async () => {
  const b = graphBuilder("negate");
  b.add("Neg", [b.input({ name: "x", dtype: "float32", shape: [2] })], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: [2] });
  const path = join(temporary(), "m.onnx");
  await writeModel(path, b.build());
  expect((await readModel(path)).nodes.map(({ op }) => op)).toEqual(["Neg"]);
  await expect(readModel(`${path}.x`)).rejects.toMatchObject({ code: "FILE_MISSING" });
});
