import { parseName, parseSha256 } from "@edgeloop/core/platform";
import { emptyHistogram } from "@edgeloop/core/statistics";
import { expect, test } from "vitest";
import type { MessageKind, Messages } from "./messages.ts";
import { messageParsers } from "./messages.ts";
import { planBlobs } from "./plan.ts";

const name = parseName;
const hash = (digit: string) => parseSha256(digit.repeat(64));
const blob = (digit: string) => ({ sha256: hash(digit), bytes: 100 });
const header = {
  format: 1,
  fleet: name("plant"),
  round: name("c1-r1"),
  attempt: 1,
  plan: hash("a"),
  device: name("pump-1"),
} as const;
const model = { graph: blob("1"), tensors: blob("2") };

/** One valid message of every kind. */
const examples: { readonly [Kind in MessageKind]: Messages[Kind] } = {
  offer: header,
  plan: {
    format: 1,
    fleet: name("plant"),
    campaign: name("c1"),
    round: name("c1-r1"),
    attempt: 1,
    line: name("pumps"),
    parent: hash("b"),
    base: blob("c"),
    classes: ["normal", "<script>"],
    step: {
      graph: blob("d"),
      carry: [{ output: "w.next", input: "w", dtype: "float32", shape: [2, 3] }],
      window: "window",
      target: "target",
      learningRate: "learningRate",
      loss: "loss",
    },
    training: {
      seed: 7,
      order: "shuffled",
      epochs: 2,
      batchSize: 16,
      learningRate: 0.01,
      backend: "wasm",
      threads: 1,
    },
    data: { startUs: 0, endUs: 60_000_000, holdoutEvery: 5, holdoutBlockUs: 1_000_000 },
    limits: {
      valueMax: 4,
      weightMax: 1000,
      cohortMax: 8,
      examplesMax: 1000,
      payloadBytesMax: 65_536,
    },
  },
  answer: { ...header, answer: { kind: "ready", examples: 12 } },
  update: { ...header, base: hash("c"), payload: blob("e"), examples: 12 },
  "calibration-task": { ...header, model, window: "window", observed: ["relu_1"] },
  calibration: { ...header, result: { windows: 3, histograms: { relu_1: emptyHistogram } } },
  "evaluation-task": {
    ...header,
    models: [{ name: "candidate", model }],
    window: "window",
    scores: "scores",
  },
  evaluation: {
    ...header,
    result: {
      windows: 4,
      confusions: [{ model: "candidate", slice: name("pump-1"), counts: [3, 1, 0, 0] }],
    },
  },
  rollout: {
    format: 1,
    fleet: name("plant"),
    rollout: name("pumps-2"),
    device: name("pump-1"),
    release: { line: name("pumps"), target: "rounds/pumps/2.json", manifestSha256: hash("f") },
  },
  "rollout-report": {
    format: 1,
    fleet: name("plant"),
    rollout: name("pumps-2"),
    device: name("pump-1"),
    outcome: { kind: "active", health: { [name("p99-us")]: 900 } },
  },
  event: {
    format: 1,
    fleet: name("plant"),
    device: name("pump-1"),
    sequence: 3,
    code: "DRIFT_DETECTED",
    sensorUs: 1_000_000,
    counters: { [name("windows")]: 40 },
  },
};

const kinds = Object.entries(examples) as [MessageKind, Messages[MessageKind]][];

test.for(kinds)("%s survives its way over the wire", ([kind, message]) => {
  expect(messageParsers[kind](JSON.parse(JSON.stringify(message)))).toEqual(message);
});

test.for(kinds)(
  "%s with a field too many, too few or of a later format is refused",
  ([kind, message]) => {
    const parse = messageParsers[kind];
    const refused = (value: unknown, code: string) =>
      expect(() => parse(value)).toThrow(expect.objectContaining({ code }));
    refused({ ...message, window: [1, 2, 3], extra: 1 }, "MESSAGE_INVALID");
    refused({ ...message, format: 2 }, "FORMAT_UNSUPPORTED");
    refused(null, "MESSAGE_INVALID");
    for (const field of Object.keys(message)) {
      const { [field]: _, ...rest } = message as unknown as Record<string, unknown>;
      refused(rest, "MESSAGE_INVALID");
    }
  },
);

test("an error names the kind and the field", () => {
  const bad = { ...examples.answer, answer: { kind: "ready", examples: -1 } };
  expect(() => messageParsers.answer(bad)).toThrow(/^answer\.answer\.examples: /);
});

test.for<[string, unknown]>([
  ["NaN", { ...examples.event, sensorUs: Number.NaN }],
  ["a fractional time", { ...examples.event, sensorUs: 0.5 }],
  ["free text as a code", { ...examples.event, code: "pump 3 broke" }],
  ["a counter that is text", { ...examples.event, counters: { label: "bearing" } }],
  ["a counter named by free text", { ...examples.event, counters: { "<b>": 1 } }],
])("an event with %s is refused", ([, value]) => {
  expect(() => messageParsers.event(value)).toThrow(
    expect.objectContaining({ code: "MESSAGE_INVALID" }),
  );
});

test("a histogram that does not add up is refused", () => {
  const histograms = { relu_1: { ...emptyHistogram, count: 3 } };
  expect(() =>
    messageParsers.calibration({ ...examples.calibration, result: { windows: 1, histograms } }),
  ).toThrow(/^calibration\.result\.histograms\.relu_1: /);
});

test("a plan's range cannot be empty", () => {
  const data = { ...examples.plan.data, endUs: 0 };
  expect(() => messageParsers.plan({ ...examples.plan, data })).toThrow(/startUs before endUs/);
});

test("a plan's blobs are those that its fields name", () => {
  expect(planBlobs(examples.plan)).toEqual([blob("c"), blob("d")]);
});
