import { expect, test } from "vitest";
import { difference, runGraph } from "../../../test/run-graph.ts";
import { graphBuilder, int } from "./builder.ts";
import { compose } from "./compose.ts";
import type { Dim, Graph } from "./graph.ts";
import type { DType } from "./tensor.ts";
import { f32, scalar } from "./tensor.ts";
import { validate } from "./validate.ts";

/** y = (x op c) with one weight and one hidden value, all named alike. */
function stage(
  op: string,
  constant: number,
  options: { output?: string; shape?: Dim[]; dtype?: DType } = {},
): Graph {
  const { output = "y", shape = ["N", 2], dtype = "float32" } = options;
  const b = graphBuilder(op);
  const x = b.input({ name: "x", dtype, shape });
  const hidden = b.add(op, [x, b.initializer("c", scalar(constant))], { outputs: ["hidden"] });
  b.output({ name: b.add("Identity", [hidden], { outputs: [output] }), dtype: "float32", shape });
  return b.build();
}

test("the whole computes the second of the first, whatever the names", async () => {
  const whole = compose(stage("Add", 1), stage("Mul", 3, { output: "z" }));
  validate(whole);
  expect([whole.inputs.map(({ name }) => name), whole.outputs.map(({ name }) => name)]).toEqual([
    ["x"],
    ["z"],
  ]);
  const { z } = await runGraph(whole, { x: f32([1, 2], [1, 2]) });
  expect(difference(z, f32([6, 9], [1, 2]))).toBe(0);
});

test("what is not connected stays an input or an output", () => {
  const b = graphBuilder("two");
  const [p, q] = ["p", "q"].map((name) => b.input({ name, dtype: "float32" }));
  b.output({ name: b.add("Add", [p ?? "", q ?? ""], { outputs: ["sum"] }), dtype: "float32" });
  const two = b.build();
  const whole = compose(stage("Add", 1), two, [["y", "q"]]);
  expect(whole.inputs.map(({ name }) => name)).toEqual(["x", "p"]);
  const kept = compose(
    { ...two, outputs: [...two.outputs, { name: "p", dtype: "float32" }] },
    stage("Mul", 2, { output: "z" }),
    [["sum", "x"]],
  );
  expect(kept.outputs.map(({ name }) => name)).toEqual(["p", "z"]);
});

test("outputs and inputs of one name connect without being told", () => {
  const whole = compose(
    stage("Add", 1, { output: "x2" }),
    { ...stage("Mul", 2, { output: "z" }) },
    [["x2", "x"]],
  );
  const named = graphBuilder("named");
  named.output({
    name: named.add("Neg", [named.input({ name: "z", dtype: "float32" })], { outputs: ["w"] }),
    dtype: "float32",
  });
  expect(compose(whole, named.build()).outputs.map(({ name }) => name)).toEqual(["w"]);
});

test("metadata of both travels", () => {
  const whole = compose(
    { ...stage("Add", 1), metadata: { a: "1" } },
    stage("Mul", 2, { output: "z" }),
  );
  expect(whole.metadata).toEqual({ a: "1" });
});

test.for<[string, () => Graph]>([
  ["an unknown output", () => compose(stage("Add", 1), stage("Mul", 1), [["nope", "x"]])],
  ["an unknown input", () => compose(stage("Add", 1), stage("Mul", 1), [["y", "nope"]])],
  [
    "an input connected twice",
    () =>
      compose(stage("Add", 1), stage("Mul", 1), [
        ["y", "x"],
        ["y", "x"],
      ]),
  ],
  [
    "another size",
    () => compose(stage("Add", 1), stage("Mul", 1, { output: "z", shape: ["N", 3] })),
  ],
  ["another rank", () => compose(stage("Add", 1), stage("Mul", 1, { output: "z", shape: ["N"] }))],
  [
    "another dtype",
    () => compose(stage("Add", 1), stage("Mul", 1, { output: "z", dtype: "int64" })),
  ],
  ["an output whose name is taken", () => compose(stage("Add", 1), stage("Mul", 1))],
  ["nothing to connect", () => compose(stage("Add", 1), { ...stage("Mul", 1), inputs: [] })],
])("%s is refused", ([, run]) => {
  let code: unknown;
  try {
    run();
  } catch (error) {
    code = error;
  }
  expect(code).toHaveProperty("code", "COMPOSE_INVALID");
});

test("bodies of both keep what they mean, when names inside them are taken", async () => {
  const chosen = (name: string, output: string, sign: string): Graph => {
    const branch = (op: string, hidden: string) => {
      const body = graphBuilder(op);
      body.output({ name: body.add(op, [name], { outputs: [hidden] }), dtype: "float32" });
      return { kind: "graph" as const, value: body.build() };
    };
    const b = graphBuilder(sign);
    const x = b.input({ name, dtype: "float32", shape: [2] });
    const condition = b.add("Less", [
      b.add("ReduceMax", [x], { attributes: { keepdims: int(0) } }),
      b.initializer("limit", scalar(0)),
    ]);
    const attributes = { then_branch: branch("Neg", "inside"), else_branch: branch(sign, "other") };
    b.output({
      name: b.add("If", [condition], { attributes, outputs: [output] }),
      dtype: "float32",
    });
    return b.build();
  };
  const whole = compose(chosen("x", "y", "Exp"), chosen("in", "z", "Sqrt"), [["y", "in"]]);
  validate(whole);
  const { z } = await runGraph(whole, { x: f32([-4, -9]) });
  expect(difference(z, f32([2, 3]))).toBe(0);
});
