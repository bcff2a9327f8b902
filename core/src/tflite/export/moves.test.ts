import { expect, test } from "vitest";
import { elementsOf, int32s, relayout, reshaped, reshapeInto, transposed } from "./moves.ts";
import { startProgram } from "./program.ts";

const start = (shape: readonly number[]) => {
  const program = startProgram("p");
  const tensor = program.tensor({ name: "x", type: "float32", shape });
  const operators = (end: number): readonly string[] =>
    (program.model({ inputs: [tensor], outputs: [end] }).subgraphs[0]?.operators ?? []).map(
      ({ op }) => op,
    );
  return { program, tensor, operators };
};

test("axes of size 1 move by a change of shape", () => {
  const { program, tensor, operators } = start([1, 5, 1, 1]);
  const moved = transposed(program, tensor, [0, 2, 3, 1]);
  expect(program.of(moved).shape).toEqual([1, 1, 1, 5]);
  expect(operators(moved)).toEqual(["RESHAPE"]);
  expect(transposed(program, tensor, [0, 1, 2, 3])).toBe(tensor);
  expect(reshaped(program, tensor, [1, 5, 1, 1])).toBe(tensor);
  expect(elementsOf(program, moved)).toBe(5);
});

test("layouts are reached through the graph's own", () => {
  const { program, tensor, operators } = start([2, 3, 4]);
  const last = relayout(program, tensor, { from: "first", to: "last", shape: [2, 3, 4] });
  expect(program.of(last).shape).toEqual([2, 1, 4, 3]);
  expect(operators(last)).toEqual(["TRANSPOSE", "RESHAPE"]);
  const back = relayout(program, last, { from: "last", to: "first", shape: [2, 3, 4] });
  expect(program.of(back).shape).toEqual([2, 3, 4]);
  const flat = relayout(program, reshaped(program, tensor, [2, 12]), {
    from: 3,
    to: "first",
    shape: [2, 12],
  });
  expect(program.of(flat).shape).toEqual([2, 12]);
  expect(operators(flat)).toEqual(["RESHAPE", "RESHAPE", "TRANSPOSE", "RESHAPE"]);
  const flatAgain = relayout(program, flat, { from: "first", to: 3, shape: [2, 12] });
  expect(program.of(flatAgain).shape).toEqual([2, 12]);
});

test("a scalar is what remains when axes go", () => {
  const { program, tensor, operators } = start([1, 1]);
  const scalar = program.tensor({ name: "s", type: "float32", shape: [] });
  reshapeInto(program, tensor, scalar);
  expect(operators(scalar)).toEqual(["SQUEEZE"]);
  const copy = program.tensor({ name: "t", type: "float32", shape: [] });
  reshapeInto(program, scalar, copy);
  expect(operators(copy)).toEqual(["SQUEEZE", "RESHAPE", "SQUEEZE"]);
  expect(int32s([1, 2], [2, 1]).shape).toEqual([2, 1]);
});
