import { meanSquared, sgd } from "@edgeloop/core/autodiff";
import { f32, graphBuilder } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { budgetLines, budgetReport, fittedStep, readBytes, readChoice } from "./budget.ts";

test.for([
  ["64MB", 64e6],
  ["512KiB", 2 ** 19],
  ["1.5 MiB", 1.5 * 2 ** 20],
  ["2gb", 2e9],
  ["1000", 1000],
] as const)("%s are %i bytes", ([text, bytes]) => {
  expect(readBytes("--memory-budget", text)).toBe(bytes);
});

test.for(["", "MB", "-1MB", "64MX", "0", "1.2.3MB"])('"%s" is refused', (text) => {
  expect(() => readBytes("--memory-budget", text)).toThrow(
    expect.objectContaining({
      code: "USAGE",
      message: expect.stringContaining(`64MB, 512KiB or 1000000, not "${text}"`),
    }),
  );
});

test.for([
  [
    { choose: "first", memoryBudget: "1MB" },
    '--choose must be one of last, biases, normalization, importance, not "first"',
  ],
  [{ choose: "last" }, "--choose last needs --memory-budget"],
] as const)("%o is refused", ([options, message]) => {
  expect(() => readChoice(options)).toThrow(
    expect.objectContaining({ code: "USAGE", message: expect.stringContaining(message) }),
  );
});

/** Two products of equal size; only the second matters, because the first one's output is cut to 0. */
function model() {
  const b = graphBuilder("two");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 256] });
  const weight = (name: string, value: number): string =>
    b.initializer(name, f32(new Float32Array(2 ** 16).fill(value), [256, 256]));
  const hidden = b.add("Sigmoid", [b.add("MatMul", [x, weight("first", 0.01)])]);
  b.add("MatMul", [hidden, weight("second", 0)], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 256] });
  return b.build();
}

const recipe = { loss: meanSquared(), optimizer: sgd({ momentum: 0.9 }), trainable: () => true };
const ones = f32(new Float32Array(1024).fill(1), [4, 256]);
const examples = { size: 4, tensors: { x: ones, target: ones } };
const fitFor = { batch: 2, backend: "wasm", examples } as const;

test("what is measured to matter is trained where not all fits, and it says so", async () => {
  const options = { memoryBudget: "3MB", choose: "importance" };
  const found = await fittedStep(model(), recipe, options, fitFor);
  // By hand: with a second product of 0 no gradient reaches the first.
  expect(found.step.parameters).toEqual(["second"]);
  const lines = budgetLines(found);
  expect(lines[0]).toMatch(
    /^memory {5}[\d.]+ MiB as asked for, [\d.]+ MiB estimated: parameters 256.0 KiB/,
  );
  expect(lines.at(-1)).toBe("left       first; 1 of 2 parameters are trained");
  expect(budgetReport(found)).toMatchObject({ left: ["first"], recompute: 1, microBatches: 1 });
});

test("without a budget it says what the step takes", async () => {
  const found = await fittedStep(model(), recipe, {}, fitFor);
  expect(budgetLines(found)).toEqual([
    expect.stringMatching(/^memory {5}[\d.]+ MiB estimated: parameters 512.0 KiB, state 512.0 KiB/),
  ]);
});

test("importance without examples is refused, and so is a budget that nothing fits", async () => {
  const options = { memoryBudget: "3MB", choose: "importance" };
  await expect(
    fittedStep(model(), recipe, options, { ...fitFor, examples: undefined }),
  ).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining("needs --data") });
  await expect(fittedStep(model(), recipe, { memoryBudget: "1KB" }, fitFor)).rejects.toMatchObject({
    code: "MEMORY_BUDGET_TOO_SMALL",
  });
});
