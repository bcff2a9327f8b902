import { expect, test } from "vitest";
import { lossNames, optimizerNames, readLoss, readOptimizer } from "./recipe.ts";

test("every name makes what it says", () => {
  expect(lossNames.map((name) => readLoss(name).kind)).toEqual([
    "softmax-cross-entropy",
    ...lossNames.slice(1),
  ]);
  expect(optimizerNames.map((name) => readOptimizer(name).kind)).toEqual(optimizerNames);
});

test("numbers reach the loss and the optimizer", () => {
  expect(() => readLoss("huber:delta=-1")).toThrow(
    expect.objectContaining({ code: "LOSS_INVALID" }),
  );
  expect(() => readLoss("quantile:level=1")).toThrow(
    expect.objectContaining({ code: "LOSS_INVALID" }),
  );
  expect(readOptimizer("sgd").states).toEqual([]);
  expect(readOptimizer("sgd:momentum=0.9,nesterov", 0.1).states).toEqual(["momentum"]);
  expect(() => readOptimizer("sgd:nesterov")).toThrow(
    expect.objectContaining({ code: "OPTIMIZER_INVALID" }),
  );
  expect(readOptimizer("adam:beta1=0.8").betas).toEqual([0.8, 0.999]);
});
