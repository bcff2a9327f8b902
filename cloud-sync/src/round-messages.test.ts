import { emptyHistogram } from "@edgeloop/core/statistics";
import { expect, test } from "vitest";
import {
  parseAnswer,
  parseCalibrationReport,
  parseCalibrationTask,
  parseEvaluationReport,
  parseEvaluationTask,
  parseOffer,
  parseUpdateHeader,
  sliceConfusionSchema,
} from "./round-messages.ts";

const hash = "a".repeat(64);
const header = { format: 1, fleet: "f", round: "r", attempt: 1, plan: hash, device: "d" };
const blob = { sha256: hash, bytes: 3 };
const model = { graph: blob, tensors: blob };

test("each message carries its round's header", () => {
  expect(parseOffer(header)).toEqual(header);
  for (const parse of [
    parseAnswer,
    parseUpdateHeader,
    parseCalibrationTask,
    parseCalibrationReport,
    parseEvaluationTask,
    parseEvaluationReport,
  ]) {
    expect(() => parse(header)).toThrow(expect.objectContaining({ code: "MESSAGE_INVALID" }));
  }
});

test.for([
  { ...header, base: hash, payload: blob, examples: 0 },
  { ...header, base: hash, payload: { ...blob, bytes: 0 }, examples: 1 },
  { ...header, base: "x", payload: blob, examples: 1 },
])("an update header that promises nothing sensible is refused", (message) => {
  expect(() => parseUpdateHeader(message)).toThrow();
});

test("a slice is a name, so that no label text can travel in it", () => {
  const confusion = { model: "candidate", slice: "pump-1", counts: [1, 0] };
  expect(sliceConfusionSchema.safeParse(confusion).success).toBe(true);
  for (const slice of ["Pump 1", "secret label", ""]) {
    expect(sliceConfusionSchema.safeParse({ ...confusion, slice }).success).toBe(false);
  }
});

test("a histogram that does not add up is refused where it stands", () => {
  const report = (histogram: object) => ({
    ...header,
    result: { windows: 1, histograms: { relu: histogram } },
  });
  expect(parseCalibrationReport(report(emptyHistogram)).result.windows).toBe(1);
  expect(() => parseCalibrationReport(report({ ...emptyHistogram, count: 2 }))).toThrow(
    /^calibration\.result\.histograms\.relu: /,
  );
});

test("tasks name their models and ends", () => {
  const models = [{ name: "candidate", model }];
  const task = { ...header, models, window: "window", scores: "scores" };
  expect(parseEvaluationTask(task)).toEqual(task);
  expect(() => parseEvaluationTask({ ...task, models: [] })).toThrow();
  const calibration = { ...header, model, window: "window", observed: ["x.observed"] };
  expect(parseCalibrationTask(calibration)).toEqual(calibration);
});
