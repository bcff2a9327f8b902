import { float, graphBuilder, i64, zeros } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { operatorUses } from "./operator-use.ts";

function oddGraph() {
  const b = graphBuilder("odd");
  const x = b.input({ name: "x", dtype: "float32", shape: [3, 1, 4] });
  const weights = [
    b.initializer("w", zeros("float32", [1, 16, 4])),
    b.initializer("r", zeros("float32", [1, 16, 4])),
  ];
  b.addMany("LSTM", [x, ...weights], 1, {
    attributes: { activations: { kind: "strings", value: ["Affine", "Tanh", "Tanh"] } },
    name: "cell",
  });
  const branchOf = (op: string, y: string) => {
    const body = graphBuilder(op);
    body.output({ name: body.add(op, ["x"], { outputs: [y] }), dtype: "float32" });
    return { kind: "graph" as const, value: body.build() };
  };
  const attributes = { then_branch: branchOf("Exp", "e"), else_branch: branchOf("Exp", "f") };
  const c = b.input({ name: "c", dtype: "bool", shape: [] });
  b.add("If", [c], { attributes, name: "choice" });
  b.add("Odd", [x], { domain: "com.example", name: "strange" });
  b.add("Conv", [x, x], { name: "dynamic" });
  b.add("Relu", [x], { name: "fine" });
  b.add("Add", [b.constant(i64([1])), b.constant(i64([2]))], { name: "integers" });
  b.add("Elu", [x], { attributes: { alpha: float(1) }, name: "elu" });
  for (const name of b.build().nodes.flatMap(({ outputs }) => outputs)) {
    b.output({ name, dtype: "float32" });
  }
  return b.build();
}

test("each node that is refused is named, with the reason that the pass itself gives", () => {
  const { notDifferentiable, notQuantizable, unknown } = operatorUses(oddGraph());
  expect(notDifferentiable).toMatchObject([
    { node: "cell", operator: "LSTM", reason: expect.stringContaining("Affine") },
    { node: "choice", operator: "If", reason: expect.stringContaining("no row") },
    { node: "strange", operator: "com.example.Odd", reason: expect.stringContaining("no row") },
    { node: "e", operator: "Exp", reason: expect.stringContaining("inside a body") },
    { node: "f" },
  ]);
  expect(new Map(notQuantizable.map(({ node, reason }) => [node, reason]))).toEqual(
    new Map([
      ["cell", "no runtime has an integer kernel for the operator"],
      ["choice", "no runtime has an integer kernel for the operator"],
      ["strange", "the operator is not a standard one"],
      ["dynamic", "its weights and bias must be float32 constants, its attributes plain"],
      ["elu", "no runtime has an integer kernel for the operator"],
      ["e", "it is inside a body of control flow"],
      ["f", "it is inside a body of control flow"],
    ]),
  );
  expect(unknown).toEqual(["com.example.Odd"]);
});

test("operators are counted with those inside bodies", () => {
  const { operators } = operatorUses(oddGraph());
  expect(operators.find(({ operator }) => operator === "Exp")).toMatchObject({ nodes: 2 });
  expect(operators.find(({ operator }) => operator === "Relu")).toEqual({
    operator: "Relu",
    nodes: 1,
    differentiable: true,
    gradientNodes: 1,
    int8Nodes: 1,
  });
  expect(operators.find(({ operator }) => operator === "Add")).toMatchObject({
    differentiable: true,
  });
});
