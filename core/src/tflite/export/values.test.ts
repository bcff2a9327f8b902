import { expect, test } from "vitest";
import { graphBuilder } from "../../graph/builder.ts";
import { f32, scalar } from "../../graph/tensor.ts";
import { prepare } from "./prepare.ts";
import { startProgram } from "./program.ts";
import { startValues, tensorFor } from "./values.ts";

function values() {
  const b = graphBuilder("v");
  b.input({ name: "x", dtype: "float32", shape: [1, 2, 3] });
  const zero = b.constant({ dtype: "uint8", shape: [], data: Uint8Array.of(130) });
  const scale = b.constant(scalar(0.5));
  const integers = b.add("QuantizeLinear", ["x", scale, zero], { outputs: ["q"] });
  const back = b.add("DequantizeLinear", [integers, scale, zero], { outputs: ["back"] });
  const weight = b.constant(f32([1, 2, 3, 4, 5, 6], [1, 2, 3]), "weight");
  b.add("Add", [back, weight], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  const { graph, known } = prepare(b.build(), 1);
  const program = startProgram("v");
  return { program, values: startValues({ graph, known, program }), weight };
}

test("integers and their scales are known by the values that stand for them", () => {
  const { values: all } = values();
  expect(all.integers("back")).toBe("q");
  expect(all.quantization("q")).toEqual({ scales: [0.5], zeroPoints: [2], axis: 0 });
  expect(all.shape("back")).toEqual([1, 2, 3]);
  expect(all.maker("back")?.op).toBe("DequantizeLinear");
});

test("a value comes in each layout once; floats are made of integers where they are asked for", () => {
  const { program, values: all } = values();
  const spec = { name: "q", layout: "last", quantization: all.quantization("q") } as const;
  const q = tensorFor(program, all, spec);
  expect(program.of(q)).toMatchObject({ type: "int8", shape: [1, 1, 3, 2] });
  all.set("q", "last", q);
  expect(all.native("q")).toBe("last");
  const first = all.get("back", "first");
  expect(program.of(first)).toMatchObject({ type: "float32", shape: [1, 2, 3] });
  expect(all.get("back", "first")).toBe(first);
  expect(() => all.get("x", "first")).toThrow("before it is made");
});

test("constants are reordered when the file is written, not while it runs", () => {
  const { program, values: all, weight } = values();
  const last = program.of(all.get(weight, "last"));
  expect(last.shape).toEqual([1, 1, 3, 2]);
  expect(new Float32Array(last.data!.slice().buffer)).toEqual(Float32Array.of(1, 4, 2, 5, 3, 6));
  const flat = program.of(all.fixed(weight, [1, 6], 2));
  expect(new Float32Array(flat.data!.slice().buffer)).toEqual(Float32Array.of(1, 4, 2, 5, 3, 6));
});
