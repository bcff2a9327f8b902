import { graphBuilder } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { excludedNodes, quantizeSettings } from "./quantize-options.ts";

test("data make it static; without, weights or activations of the moment", () => {
  const form = (options: Record<string, string | boolean>) => quantizeSettings(options).form;
  expect(form({ calibration: "d" })).toEqual({ kind: "static", method: "mse" });
  expect(form({ calibration: "d", method: "entropy" })).toEqual({
    ...{ kind: "static", method: "entropy" },
  });
  expect(form({ dynamic: true })).toEqual({ kind: "dynamic" });
  expect(form({ weights: "int8" })).toEqual({ kind: "weights", weights: "int8" });
  expect(form({ calibration: "d", weights: "int4" })).toEqual({ kind: "weights", weights: "int4" });
  expect(form({ calibration: "d", weightOnly: true })).toEqual({
    kind: "weights",
    weights: "int8",
  });
  expect(form({ calibration: "d", weights: "int8" }).kind).toBe("static");
});

test("what is given arrives, what is not is absent", () => {
  expect(quantizeSettings({ calibration: "d" })).toEqual({
    ...{ form: { kind: "static", method: "mse" }, calibration: "d", options: {} },
    ...{ equalize: false, correctBias: false, report: false },
  });
  expect(
    quantizeSettings({
      ...{ calibration: "d", activations: "int8", symmetric: true, whole: true, report: "r.json" },
      ...{ exclude: "a*", accuracyBudget: "0.01", equalize: true, correctBias: true },
    }),
  ).toMatchObject({
    ...{ options: { activations: "int8", symmetric: true, whole: true }, report: "r.json" },
    ...{ exclude: "a*", accuracyBudget: 0.01, equalize: true, correctBias: true },
  });
});

test.for([
  [{}, "give --calibration <file>; or --dynamic, or --weights int8 or int4, without data"],
  [{ dynamic: true, weights: "int4" }, "--dynamic has int8 weights and activations"],
  [{ dynamic: true, report: true }, "--report measures on examples: add --calibration <file>"],
  [
    { weights: "int8", accuracyBudget: "0.1" },
    "--accuracy-budget measures on examples: add --calibration <file>",
  ],
  [
    { dynamic: true, symmetric: true },
    "--symmetric belongs to static quantization, not to dynamic",
  ],
  [
    { calibration: "d", weights: "int4", correctBias: true },
    "--correct-bias belongs to static quantization, not to weights",
  ],
  [
    { calibration: "d", method: "best" },
    '--method must be minmax, percentile, entropy, mse, not "best"',
  ],
  [{ weights: "int2" }, '--weights must be int8, int4, not "int2"'],
  [{ calibration: "d", activations: "int4" }, '--activations must be uint8, int8, not "int4"'],
  [
    { calibration: "d", accuracyBudget: "2" },
    '--accuracy-budget must be a number from 0 to 1, not "2"',
  ],
] as const)("%j is refused", ([options, message]) => {
  expect(() => quantizeSettings(options)).toThrow(
    expect.objectContaining({ code: "USAGE", message }),
  );
});

test("a pattern names nodes, or is refused with some that there are", () => {
  const b = graphBuilder("m");
  const x = b.input({ name: "x", dtype: "float32", shape: [1] });
  const y = b.add("Neg", [x], { name: "head.neg" });
  b.output({ name: b.add("Exp", [y], { name: "tail.exp" }), dtype: "float32" });
  expect(excludedNodes(b.build(), "head.*")).toEqual(["head.neg"]);
  expect(excludedNodes(b.build(), undefined)).toEqual([]);
  expect(() => excludedNodes(b.build(), "nose")).toThrow(
    "--exclude nose names no node; there are head.neg, tail.exp, …",
  );
});
