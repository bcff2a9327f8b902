import { expect, test } from "vitest";
import { drawFrom } from "../../../test/reference/case.ts";
import { cases } from "../../../test/reference/cases.ts";
import { gradientOfCases } from "../../../test/reference/gradient-suite.ts";
import { run } from "../../../test/reference/interpreter.ts";
import { withoutKernel } from "../../../test/reference/recurrence-cases.ts";
import { difference, runGraph } from "../../../test/run-graph.ts";
import type { Attributes } from "./builder.ts";
import { graphBuilder, int } from "./builder.ts";
import type { Graph } from "./graph.ts";
import { f32 } from "./tensor.ts";
import { unrollRecurrence, unrollStepsMax } from "./unroll-recurrence.ts";
import { validate } from "./validate.ts";

const names = Object.keys(cases).filter((name) => /^(RNN|GRU|LSTM)/.test(name));

test.for(names)("%s: written out it computes the same on a runtime", async (name) => {
  for (let seed = 0; seed < 5; seed += 1) {
    const { graph, feeds } = cases[name]!(drawFrom(seed));
    const plain = unrollRecurrence(graph);
    validate(plain);
    expect(plain.nodes.some(({ op }) => ["RNN", "GRU", "LSTM"].includes(op))).toBe(false);
    const expected = withoutKernel.includes(name)
      ? run(graph, feeds)
      : await runGraph(graph, feeds);
    const actual = await runGraph(plain, feeds);
    for (const { name: output } of graph.outputs) {
      expect(difference(actual[output], expected[output]), `${output} ${seed}`).toBeLessThan(1e-5);
    }
  }
});

gradientOfCases(names, { runs: 10, seeds: [1, 2] });

function lstm(steps: number | string, attributes: Attributes = {}): Graph {
  const b = graphBuilder("g");
  b.input({ name: "x", dtype: "float32", shape: [steps, "N", 2] });
  const w = b.initializer("w", f32(new Float32Array(24), [1, 12, 2]));
  const r = b.initializer("r", f32(new Float32Array(36), [1, 12, 3]));
  b.add("LSTM", ["x", w, r], {
    name: "cell",
    attributes: { hidden_size: int(3), ...attributes },
    outputs: ["y"],
  });
  b.output({ name: "y", dtype: "float32" });
  return b.build();
}

test.for([
  [lstm("T"), "the length of the sequence and the hidden size must be known"],
  [lstm(unrollStepsMax + 1), "1025 steps are more than 1024"],
  [lstm(2, { activations: { kind: "strings", value: ["Affine", "Tanh", "Tanh"] } }), "Affine"],
] as const)("what cannot be written out is refused: %#", ([graph, message]) => {
  expect(() => unrollRecurrence(graph)).toThrow(
    expect.objectContaining({
      code: "RECURRENCE_UNSUPPORTED",
      message: expect.stringContaining(`LSTM (cell): `) && expect.stringContaining(message),
    }),
  );
});
