import { expect, test } from "vitest";
import { graphBuilder } from "../graph/builder.ts";
import { castTo, emitter } from "./emitter.ts";

test("equal constants are made once, by value and type", () => {
  const b = graphBuilder("g");
  const emit = emitter(b, "grad");
  expect(emit.number(0, "float32")).toBe(emit.number(0, "float32"));
  expect(emit.number(0, "float64")).not.toBe(emit.number(0, "float32"));
  expect(emit.ints([1, 2])).toBe(emit.ints([1, 2]));
  expect(b.build().initializers.size).toBe(3);
});

test("names begin with the prefix and are never taken twice", () => {
  const b = graphBuilder("g");
  b.input({ name: "grad/Neg", dtype: "float32" });
  const emit = emitter(b, "grad");
  const names = [
    emit.op("Neg", ["grad/Neg"]),
    emit.op("Neg", ["grad/Neg"]),
    ...emit.ops("Split", ["grad/Neg"], 2),
  ];
  expect(new Set(["grad/Neg", ...names]).size).toBe(5);
  expect(names.every((name) => name.startsWith("grad/"))).toBe(true);
  expect(emit.named("y", "Neg", ["grad/Neg"])).toBe("y");
});

// onnx.proto, TensorProto.DataType.
test("casts name ONNX's numbers", () => {
  expect(castTo("float32")["to"]).toEqual({ kind: "int", value: 1 });
  expect(castTo("float64")["to"]).toEqual({ kind: "int", value: 11 });
});
