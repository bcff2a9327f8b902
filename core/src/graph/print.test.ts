import { expect, test } from "vitest";
import { float, graphBuilder, int, ints, text } from "./builder.ts";
import type { Attribute, Graph } from "./graph.ts";
import { print } from "./print.ts";
import { f32, scalar } from "./tensor.ts";

function convolution(): Graph {
  const b = graphBuilder("net");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 3, 8] });
  const w = b.initializer("w", f32(new Float32Array(18), [2, 3, 3]));
  const bias = b.initializer("b", f32([0.5, -1]));
  const y = b.add("Conv", [x, w, bias], { attributes: { pads: ints([1, 1]), group: int(1) } });
  b.output({ name: b.add("Relu", [y], { outputs: ["z"] }), dtype: "float32", shape: ["N", 2, 8] });
  return b.build();
}

test("a graph prints a line an input, weight, node and output", () => {
  expect(print(convolution())).toBe(`graph net
  input x: float32[N, 3, 8]
  weight w: float32[2, 3, 3]
  weight b: float32[2] (0.5, -1)
  conv: float32[N, 2, 8] = Conv(x, w, b) {group=1, pads=[1, 1]}
  z: float32[N, 2, 8] = Relu(conv)
  output z: float32[N, 2, 8]
`);
});

test("every kind of attribute prints, and a graph that does not validate does too", () => {
  const body: Attribute = { kind: "graph", value: convolution() };
  const b = graphBuilder("g");
  const attributes = {
    f: float(0.5),
    s: text("a"),
    t: { kind: "tensor" as const, value: scalar(1) },
    body,
  };
  b.add("Odd", [b.input({ name: "x", dtype: "int8" })], { domain: "some.where", attributes });
  expect(print(b.build())).toContain(
    '  odd = some.where.Odd(x) {body=graph net, f=0.5, s="a", t=float32[] (1)}',
  );
  expect(print(b.build())).toContain("input x: int8[?]");
});
