import { expect, test } from "vitest";
import { gradientsOf } from "../../../../test/reference/gradient-suite.ts";
import { runOnnx, runtimes } from "../../../../test/reference/onnxruntime.ts";
import type { NodeOptions } from "../../graph/builder.ts";
import { graphBuilder } from "../../graph/builder.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { f32, scalar } from "../../graph/tensor.ts";
import { differentiate } from "../differentiate.ts";

const bool = (value: boolean): Tensor => ({
  dtype: "bool",
  shape: [],
  data: Uint8Array.of(Number(value)),
});

function dropout(ratio: Tensor | undefined, isTraining: boolean, options: NodeOptions = {}): Graph {
  const b = graphBuilder("dropout");
  b.input({ name: "x", dtype: "float32", shape: ["N"] });
  const share = ratio === undefined ? "" : b.initializer("ratio", ratio);
  b.add("Dropout", ["x", share, b.initializer("mode", bool(isTraining))], {
    name: "drop",
    outputs: ["y"],
    ...options,
  });
  b.output({ name: "y", dtype: "float32", shape: ["N"] });
  return b.build();
}

test("in inference, and at ratio 0, it is the identity", async () => {
  for (const graph of [dropout(scalar(0.5), false), dropout(undefined, false)]) {
    expect((await gradientsOf(graph, { x: f32([1, -2]) }, f32([3, 4])))["x"]).toEqual([3, 4]);
  }
  const none = differentiate(dropout(scalar(0), true));
  expect(none.nodes.map(({ op }) => op)).toEqual(["Dropout", "Identity"]);
});

test.for([...runtimes.keys()])(
  "in training on %s what was kept passes the gradient",
  async (key) => {
    const count = 64;
    const graph = dropout(scalar(0.25), true, { outputs: ["y", "mask"] });
    const feeds = {
      x: f32(new Float32Array(count).fill(3)),
      "y.grad": f32(new Float32Array(count).fill(6)),
    };
    const found = await runOnnx(differentiate(graph), feeds, key);
    const y = Array.from(found["y"]!.data, Number);
    expect(y.some((e) => e === 0) && y.some((e) => e > 3.9)).toBe(true);
    expect(Array.from(found["x.grad"]!.data, Number)).toEqual(y.map((e) => 2 * e));
  },
);

test("a mask that nobody sees, and a ratio that only the run tells, are refused", () => {
  const hidden = dropout(scalar(0.5), true);
  const drawn = dropout(scalar(0.5), true);
  const fed = {
    ...drawn,
    inputs: [...drawn.inputs, { name: "ratio", dtype: "float32", shape: [] }],
  } as Graph;
  const open = {
    ...fed,
    initializers: new Map([...fed.initializers].filter(([name]) => name !== "ratio")),
  };
  for (const [graph, reason] of [
    [hidden, "in training mode it must give its mask"],
    [open, "its ratio must be a constant"],
  ] as const) {
    expect(() => differentiate(graph, ["x"])).toThrow(
      expect.objectContaining({
        code: "GRADIENT_UNSUPPORTED",
        message: `no gradient for Dropout (drop): ${reason}`,
      }),
    );
  }
});
