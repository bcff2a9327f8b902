import { expect, test } from "vitest";
import { run } from "../../../../test/reference/interpreter.ts";
import { minimize } from "../../../../test/reference/minimize.ts";
import { graphBuilder } from "../../graph/builder.ts";
import { i64, scalar } from "../../graph/tensor.ts";
import { emitter } from "../emitter.ts";
import { adam, adamW, biasCorrections } from "./adam.ts";

// torch.optim 2.13 in float64, the same three steps.
test.for([
  ["Adam", adam(), [0.701586275, -1.700623392]],
  ["Adam with decay", adam({ weightDecay: 0.1 }), [0.701586274, -1.700623392]],
  ["AdamW", adamW(), [0.698911185, -1.694944514]],
] as const)("%s moves as PyTorch's", ([, optimizer, expected]) => {
  for (const [i, value] of minimize(optimizer).entries())
    expect(value).toBeCloseTo(expected[i]!, 6);
});

test("betas outside [0, 1) are refused", () => {
  expect(() => adam({ betas: [0.9, 1] })).toThrow(
    expect.objectContaining({ code: "OPTIMIZER_INVALID" }),
  );
});

// Hand computation: 1 - 0.999 = 1e-3, of which float32 would keep 5 digits.
test("bias corrections keep their digits", () => {
  const b = graphBuilder("corrections");
  b.input({ name: "count", dtype: "int64", shape: [] });
  const rate = b.input({ name: "rate", dtype: "float32", shape: [] });
  const found = biasCorrections(emitter(b, "step"), {
    betas: [0.5, 0.75],
    step: "count",
    learningRate: rate,
  });
  const out = run(b.build(), { count: i64([1], []), rate: scalar(3) }, [found.rate, found.root]);
  expect(out[found.rate]!.data[0]).toBeCloseTo(3 / (1 - 0.25), 12);
  expect(out[found.root]!.data[0]).toBeCloseTo(1 / Math.sqrt(1 - 0.5625), 12);
});
