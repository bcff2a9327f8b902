import { expect, test } from "vitest";
import { run } from "../../../../test/reference/interpreter.ts";
import { graphBuilder } from "../../graph/builder.ts";
import { f32 } from "../../graph/tensor.ts";
import { emitter } from "../emitter.ts";
import { plus } from "./optimizer.ts";

test("a factor of 0 adds no node", () => {
  const b = graphBuilder("plus");
  for (const name of ["a", "b"]) b.input({ name, dtype: "float32", shape: [1] });
  const emit = emitter(b, "step");
  expect(plus(emit, "a", 0, "b")).toBe("a");
  expect(b.build().nodes).toEqual([]);
  const sum = plus(emit, "a", 2, "b");
  b.output({ name: sum, dtype: "float32", shape: [1] });
  expect(run(b.build(), { a: f32([1]), b: f32([10]) })[sum]!.data[0]).toBe(21);
});
