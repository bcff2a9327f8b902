import { expect, test } from "vitest";
import { testContext } from "../testing.ts";
import { decibels, reportJson, showReport } from "./quantize-report.ts";

const report = {
  tensors: [{ name: "x", operator: "input", signalToNoiseDb: 43.21 }],
  layers: [{ name: "conv1", operator: "Conv", signalToNoiseDb: Number.POSITIVE_INFINITY }],
};

test("both tables are printed", () => {
  const context = testContext();
  showReport(context, report);
  expect(context.said.map((line) => line.trim().replaceAll(/ {2,}/g, " | "))).toEqual([
    ...["", "tensor | made by | signal to noise", "x | input | 43.2 dB"],
    ...["", "layer alone | operator | signal to noise of the results", "conv1 | Conv | exact"],
  ]);
});

test("what did not change is exact, and null in JSON", () => {
  expect(decibels(Number.POSITIVE_INFINITY)).toBe("exact");
  expect(reportJson(report)["layers"]).toMatchObject([{ signalToNoiseDb: null }]);
});
