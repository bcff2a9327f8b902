import { expect, test } from "vitest";
import { run } from "../../../test/reference/interpreter.ts";
import { graphBuilder } from "./builder.ts";
import { cellOf } from "./recurrent-cells.ts";
import { f32, i64 } from "./tensor.ts";

function stepOf(op: string, activations: readonly string[]) {
  const b = graphBuilder("cell");
  for (const name of ["x", "h"]) b.input({ name, dtype: "float32", shape: [1, 1] });
  const cell = cellOf(op, {
    emit: (name, inputs, attributes = {}) => b.add(name, inputs, { attributes }),
    list: (...values) => b.constant(i64(values)),
    number: (value) => b.constant(f32([value], [])),
    hidden: 1,
    bias: b.initializer("bias", f32([0.5, 0.25])),
    recurrent: b.initializer("r", f32([2], [1, 1])),
    activations,
    linearBeforeReset: false,
  });
  return { b, cell };
}

// Hand computation: Relu(1 + 2 * 3 + 0.5 + 0.25), and 0 for an input of -10.
test("a cell with another activation", () => {
  const { b, cell } = stepOf("RNN", ["Relu"]);
  const name = cell?.("x", { hidden: "h" }).hidden ?? "";
  const at = (x: number) =>
    run(b.build(), { x: f32([x], [1, 1]), h: f32([3], [1, 1]) }, [name])[name]?.data[0];
  expect([at(1), at(-10)]).toEqual([7.75, 0]);
});

test("an activation with numbers of its own, and an operator that is no cell, have no step", () => {
  expect(stepOf("RNN", ["Affine"]).cell).toBeUndefined();
  expect(stepOf("Relu", []).cell).toBeUndefined();
});
