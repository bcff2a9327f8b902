import { expect, test } from "vitest";
import { f32 } from "../../graph/tensor.ts";
import { startProgram } from "./program.ts";

test("what no output needs is dropped, and numbers of tensors move up", () => {
  const program = startProgram("p");
  const spec = { type: "float32", shape: [2] } as const;
  const x = program.tensor({ ...spec, name: "x" });
  const unused = program.tensor({ ...spec, name: "unused" });
  program.emit("NEG", [x], [unused]);
  const one = program.constant("one", f32([1, 1]));
  const y = program.tensor({ ...spec, name: "sum" });
  program.emit("ADD", [x, one], [y]);
  expect([program.isMade(y), program.isMade(x), program.isTaken(y)]).toEqual([true, false, false]);
  program.take(y, "y");
  expect(program.isTaken(y)).toBe(true);
  const [graph] = program.model({ inputs: [x], outputs: [y] }).subgraphs;
  expect(graph?.tensors.map(({ name }) => name)).toEqual(["x", "one", "y"]);
  expect(graph?.operators).toEqual([
    { op: "ADD", version: 1, inputs: [0, 1], outputs: [2], options: {} },
  ]);
  expect([graph?.inputs, graph?.outputs]).toEqual([[0], [2]]);
});

test("an operator that touches int8 has the version that takes it; a rule may say another", () => {
  const program = startProgram("p");
  const spec = { name: "q", type: "int8", shape: [1] } as const;
  const [x, y] = [program.tensor(spec), program.tensor(spec)];
  program.emit("ADD", [x, x], [y]);
  program.emit("ADD", [x, x], [y], { version: 3 });
  program.rename(y, "z");
  const [graph] = program.model({ inputs: [x], outputs: [y] }).subgraphs;
  expect(graph?.operators.map(({ version }) => version)).toEqual([2, 3]);
  expect(graph?.tensors[1]?.name).toBe("z");
});
