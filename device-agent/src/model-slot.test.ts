import type { Sha256 } from "@edgeloop/core/platform";
import { parseSha256, seededRng } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { confirmWindowsMin, failedHashesMax, startsMax } from "./limits.ts";
import type { SlotEvent, SlotState } from "./model-slot.ts";
import { emptySlots, failureOf, manifestsInUse, parseSlots, stepSlots } from "./model-slot.ts";

const sha = (index: number): Sha256 => parseSha256(index.toString(16).padStart(64, "0"));
const [a, b] = [sha(1), sha(2)];

const run = (state: SlotState, ...events: readonly SlotEvent[]): SlotState =>
  events.reduce((now, event) => stepSlots(now, event).state, state);
const serve = (count: number): readonly SlotEvent[] =>
  Array.from({ length: count }, () => ({ kind: "served" }));
const confirmed = (manifest: Sha256): SlotState =>
  run(emptySlots, { kind: "activate", manifest }, ...serve(confirmWindowsMin));

test("a model is confirmed after enough good windows, and only then the old slot is given up", () => {
  const trial = run(
    confirmed(a),
    { kind: "activate", manifest: b },
    ...serve(confirmWindowsMin - 1),
  );
  expect(manifestsInUse(trial)).toEqual([b, a]);
  const step = stepSlots(trial, { kind: "served" });
  expect(step).toMatchObject({ outcome: "confirmed", write: true });
  expect(manifestsInUse(step.state)).toEqual([b]);
});

test("a trial that fails goes back to the old model and is never tried again", () => {
  const step = stepSlots(run(confirmed(a), { kind: "activate", manifest: b }), {
    kind: "fail",
    manifest: b,
    code: "MODEL_OUTPUT_INVALID",
  });
  expect(step).toMatchObject({ outcome: "rolled-back", write: true });
  expect(step.state.serving).toEqual({ kind: "confirmed", manifest: a });
  expect(failureOf(step.state, b)).toBe("MODEL_OUTPUT_INVALID");
  expect(() => stepSlots(step.state, { kind: "activate", manifest: b })).toThrow(
    expect.objectContaining({ code: "MODEL_FAILED_BEFORE" }),
  );
});

test("a crash loop is rolled back after the allowed starts", () => {
  const trial = run(confirmed(a), { kind: "activate", manifest: b });
  const starts = Array.from({ length: startsMax }, () => ({ kind: "start" }) as const);
  const last = run(trial, ...starts);
  expect(last.serving?.manifest).toBe(b);
  const step = stepSlots(last, { kind: "start" });
  expect(step).toMatchObject({ outcome: "rolled-back", write: true });
  expect(step.state.serving?.manifest).toBe(a);
});

test("the good windows before a crash do not count", () => {
  const trial = run(
    confirmed(a),
    { kind: "activate", manifest: b },
    ...serve(confirmWindowsMin - 1),
  );
  expect(run(trial, { kind: "start" }, { kind: "served" }).serving?.kind).toBe("trial");
});

test("a confirmed model stays, whatever fails", () => {
  const state = confirmed(a);
  const step = stepSlots(state, { kind: "fail", manifest: a, code: "WORKER_DIED" });
  expect(step.state).toEqual(state);
});

test("a second candidate on trial keeps the last confirmed model to go back to", () => {
  const state = run(
    confirmed(a),
    { kind: "activate", manifest: b },
    { kind: "activate", manifest: sha(3) },
    { kind: "fail", manifest: sha(3), code: "X" },
  );
  expect(state.serving).toEqual({ kind: "confirmed", manifest: a });
});

test("whatever happens, a confirmed model is never lost and every change is written", () => {
  const rng = seededRng(7);
  let state = confirmed(a);
  for (let turn = 0; turn < 5_000; turn += 1) {
    const manifest = sha(Math.floor(rng() * 6) + 1);
    const pick = Math.floor(rng() * 8);
    const events: readonly SlotEvent[] = [
      { kind: "activate", manifest },
      { kind: "fail", manifest, code: "X" },
      { kind: "start" },
    ];
    const event = events[pick] ?? { kind: "served" };
    if (event.kind === "activate" && failureOf(state, manifest) !== undefined) continue;
    const step = stepSlots(state, event);
    expect(step.state.serving).toBeDefined();
    expect(manifestsInUse(step.state).length).toBeGreaterThan(0);
    if (step.state.serving?.kind === "trial") expect(step.state.previous).toBeDefined();
    if (!step.write) expect(manifestsInUse(step.state)).toEqual(manifestsInUse(state));
    state = parseSlots(JSON.parse(JSON.stringify(step.state)));
    expect(state).toEqual(step.state);
  }
});

test("the memory of failures is bounded", () => {
  const fails = Array.from(
    { length: failedHashesMax + 5 },
    (_, index): SlotEvent => ({ kind: "fail", manifest: sha(index + 10), code: "X" }),
  );
  expect(run(confirmed(a), ...fails).failed).toHaveLength(failedHashesMax);
});

test.for([
  null,
  {},
  { format: 1 },
  { format: 1, failed: [{}] },
  { format: 1, failed: [], serving: {} },
])("a state that this gateway did not write is refused: %j", (value) => {
  expect(() => parseSlots(value)).toThrow(expect.objectContaining({ code: "SLOTS_INVALID" }));
});

test("a state of a later format is refused by its own code", () => {
  expect(() => parseSlots({ format: 2 })).toThrow(
    expect.objectContaining({ code: "FORMAT_UNSUPPORTED" }),
  );
});
