import { f32, graphBuilder } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { learnableOf } from "./learnable.ts";

function model() {
  const b = graphBuilder("two");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 9] });
  const hidden = b.add("MatMul", [x, b.initializer("a", f32(new Float32Array(81), [9, 9]))]);
  b.add("MatMul", [hidden, b.initializer("b", f32(new Float32Array(81), [9, 9]))], {
    outputs: ["y"],
  });
  b.output({ name: "y", dtype: "float32", shape: ["N", 9] });
  return b.build();
}

test("without an adapter the model's own weights are trained, as the patterns say", () => {
  const { graph, trainable, adapter } = learnableOf(model(), { freeze: "a" });
  expect(adapter).toBeUndefined();
  expect([...graph.initializers.keys()].filter(trainable)).toEqual(["b"]);
});

test("with one, patterns name the weights that get it, and only its factors are trained", () => {
  const { graph, trainable, adapter } = learnableOf(model(), {
    adapter: "rank=2,alpha=4",
    train: "b",
  });
  expect([...graph.initializers.keys()].filter(trainable)).toEqual([
    "b.adapter.down",
    "b.adapter.up",
  ]);
  expect(adapter?.scale).toBe(2);
});

test("the seed decides the start", () => {
  const start = (seed: string) =>
    learnableOf(model(), { adapter: "rank=1", seed }).adapter?.adapters.get("a.adapter.down");
  expect(start("1")).toEqual(start("1"));
  expect(start("1")).not.toEqual(start("2"));
});

test.for([
  ["alpha=2", "USAGE", "--adapter takes rank=R or rank=R,alpha=A"],
  ["rank=many", "USAGE", "rank must be a number"],
  ["depth=2", "USAGE", 'takes rank, alpha, not "depth"'],
  ["rank=0", "ADAPTER_INVALID", "a rank must be a whole number of at least 1, not 0"],
] as const)("--adapter %s is refused", ([adapter, code, message]) => {
  expect(() => learnableOf(model(), { adapter })).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});
