import { expect, test } from "vitest";
import { lossNames, optimizerNames, readLoss, readOptimizer, targetsOf } from "./recipe.ts";

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

test("class weights go with cross-entropy; a reconstruction needs no target", () => {
  expect(readLoss("cross-entropy", "1,2,0.5").total).toBeDefined();
  for (const [loss, weights] of [
    ["huber", "1,2"],
    ["cross-entropy", "1,,2"],
    ["cross-entropy", "1,-2"],
    ["cross-entropy", "many"],
  ] as const) {
    expect(() => readLoss(loss, weights)).toThrow(
      expect.objectContaining({
        code: "USAGE",
        message: expect.stringContaining("--class-weights takes a number from 0 a class"),
      }),
    );
  }
  expect(targetsOf(readLoss("reconstruction"))).toEqual([]);
  expect(targetsOf(readLoss("huber"))).toEqual(["target"]);
});
