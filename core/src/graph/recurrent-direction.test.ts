import { expect, test } from "vitest";
import { run } from "../../../test/reference/interpreter.ts";
import { runGraph } from "../../../test/run-graph.ts";
import { graphBuilder, int } from "./builder.ts";
import { runDirection, unsupported } from "./recurrent-direction.ts";
import type { Tensor } from "./tensor.ts";
import { f32, i64 } from "./tensor.ts";

/** An RNN of one unit whose recurrence adds up what it is given: Relu of x + h. */
function adder(isReverse: boolean) {
  const b = graphBuilder("adder");
  b.input({ name: "x", dtype: "float32", shape: [3, 3, 1] });
  b.input({ name: "lengths", dtype: "int32", shape: [3] });
  const one = (name: string): string => b.initializer(name, f32([1], [1, 1, 1]));
  const start = b.initializer("start", f32([10, 20, 30], [1, 3, 1]));
  const node = {
    name: "adder",
    op: "RNN",
    inputs: ["x", one("w"), one("r"), "", "lengths", start],
    outputs: ["y", "last"],
    attributes: { hidden_size: int(1), activations: { kind: "strings", value: ["Relu"] } },
  } as const;
  const { all, last } = runDirection({
    builder: b,
    node,
    emit: (op, inputs, attributes = {}) => b.add(op, inputs, { attributes }),
    list: (...values) => b.constant(i64(values)),
    sequence: "x",
    sizes: { steps: 3, hidden: 1, isBatchFirst: false, isDouble: false },
    index: 0,
    isReverse,
  });
  b.add("Concat", all, { outputs: ["y"], attributes: { axis: int(1) } });
  b.add("Identity", [last.hidden], { outputs: ["last"] });
  for (const name of ["y", "last"]) b.output({ name, dtype: "float32" });
  return b.build();
}

// Hand computation: sequences of lengths 3, 1 and 0 that start at 10, 20 and 30. onnxruntime 1.30 ends the last at 0.
test.for([
  [false, [11, 13, 16], [24, 0, 0], [0, 0, 0], [16, 24, 0]],
  [true, [16, 15, 13], [24, 0, 0], [0, 0, 0], [16, 24, 0]],
] as const)(
  "a sequence that has ended keeps its state and gives 0; one that never started ends at 0 (reverse: %s)",
  async ([isReverse, first, second, third, states]) => {
    const graph = adder(isReverse);
    const lengths: Tensor = { dtype: "int32", shape: [3], data: Int32Array.of(3, 1, 0) };
    const feeds = { x: f32([1, 4, 7, 2, 5, 8, 3, 6, 9], [3, 3, 1]), lengths };
    for (const found of [run(graph, feeds), await runGraph(graph, feeds)]) {
      expect(Array.from(found["y"]!.data, Number)).toEqual([...first, ...second, ...third]);
      expect(Array.from(found["last"]!.data, Number)).toEqual(states);
    }
  },
);

test("what is not supported names the node", () => {
  const node = { name: "n", op: "GRU", inputs: [], outputs: [], attributes: {} };
  expect(unsupported(node, "because")).toMatchObject({
    code: "RECURRENCE_UNSUPPORTED",
    message: "GRU (n): because",
    details: { node: "n", op: "GRU", reason: "because" },
  });
});
