import { expect, test } from "vitest";
import { graphBuilder } from "../graph/builder.ts";
import { append, pipelineInvalid } from "./block.ts";

test("appending keeps channels and length, and names the new value", () => {
  const builder = graphBuilder("g");
  const value = builder.input({ name: "x", dtype: "float32" });
  const stage = append({ builder, value, channels: ["a"], length: 4 }, "Abs");
  expect({ ...stage, builder: undefined }).toEqual({
    builder: undefined,
    value: "abs",
    channels: ["a"],
    length: 4,
  });
  expect(builder.build().nodes[0]?.inputs).toEqual(["x"]);
});

test("errors carry the code", () => {
  expect(pipelineInvalid("no", { at: 1 })).toMatchObject({
    code: "PIPELINE_INVALID",
    details: { at: 1 },
  });
});
