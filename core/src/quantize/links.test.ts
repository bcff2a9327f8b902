import { expect, test } from "vitest";
import { graphBuilder } from "../graph/builder.ts";
import { scalar } from "../graph/tensor.ts";
import { linksOf } from "./links.ts";

test("makers, readers and weights of a sum", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [] });
  const y = b.add("Add", [x, b.initializer("w", scalar(2))], { outputs: ["y"] });
  b.add("Mul", [y, y], { outputs: ["z"] });
  b.output({ name: "z", dtype: "float32", shape: [] });
  const { maker, readers, floats, isOutput } = linksOf(b.build());
  expect([maker("y")?.op, maker("x"), maker(undefined)]).toEqual(["Add", undefined, undefined]);
  expect([readers("y").length, readers("z").length]).toEqual([2, 0]);
  expect([floats("w")?.data[0], floats("y")]).toEqual([2, undefined]);
  expect(["y", "z"].map(isOutput)).toEqual([false, true]);
});
