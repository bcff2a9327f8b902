import { expect, test } from "vitest";
import type { Rng } from "../platform/random.ts";
import { gaussian, seededRng } from "../platform/random.ts";
import type { DriftEvent, DriftState } from "./drift.ts";
import { driftDefaults, driftDetector } from "./drift.ts";

const width = 6;
const features = Array.from({ length: width }, (_, i) => `f${i}`);
const draw = (rng: Rng): number[] => features.map(() => gaussian(rng));

/** Processes that do not change, however much they wander. */
const stationary: Readonly<Record<string, (rng: Rng) => () => number[]>> = {
  independent: (rng) => () => draw(rng),
  "autoregressive, 0.5": autoregressive(0.5),
  "autoregressive, 0.9": autoregressive(0.9),
  "autoregressive, 0.98": autoregressive(0.98),
  "heavy tails": (rng) => () =>
    draw(rng).map((value) => value / Math.sqrt(0.05 - Math.log(1 - rng()))),
  "four states of 20 windows each": states(20),
  "four states of 30 windows each": states(30),
};

function autoregressive(phi: number) {
  return (rng: Rng) => {
    let value = draw(rng);
    return (): number[] => {
      const step = draw(rng);
      value = value.map((v, i) => phi * v + Math.sqrt(1 - phi * phi) * step[i]!);
      return value;
    };
  };
}

function states(windows: number) {
  return (rng: Rng) => {
    const centres = Array.from({ length: 4 }, () => draw(rng).map((value) => 3 * value));
    let at = -1;
    return (): number[] => {
      at += 1;
      const centre = centres[Math.floor(at / windows) % 4]!;
      return draw(rng).map((value, i) => centre[i]! + 0.5 * value);
    };
  };
}

test.for(Object.entries(stationary))(
  "20,000 windows that do not change raise at most one event: %s",
  ([, process]) => {
    const next = process(seededRng(31));
    const detector = driftDetector({ features });
    let events = 0;
    for (let window = 0; window < 20_000; window += 1) {
      if (detector.push(next())) events += 1;
    }
    expect(events).toBeLessThanOrEqual(1);
    expect(detector.state.watching).toBe(true);
  },
);

/** Pushes `before` windows, then `after` windows shifted by three deviations of the noise within a state. */
const run = (process: (rng: Rng) => () => number[], before: number, after: number) => {
  const next = process(seededRng(8));
  const detector = driftDetector({ features });
  const events: { readonly at: number; readonly event: DriftEvent }[] = [];
  for (let window = 0; window < before + after; window += 1) {
    const values = next();
    const shifted = window < before ? values : values.map((v, i) => (i < 3 ? v + 1.5 : v));
    const event = detector.push(shifted);
    if (event) events.push({ at: window - before, event });
  }
  return events;
};

test.for([20, 30])("a shift is found within 60 windows though states last %i", (windows) => {
  const [first, ...others] = run(states(windows), 400, 300);
  expect(first?.at).toBeGreaterThanOrEqual(0);
  expect(first?.at).toBeLessThan(60);
  expect(others).toEqual([]);
  expect(first?.event).toMatchObject({ cause: "novelty" });
});

test("an event says what moved, how surely and on how many windows", () => {
  const next = stationary["autoregressive, 0.5"]!(seededRng(4));
  const detector = driftDetector({ features });
  let event: DriftEvent | undefined;
  for (let window = 0; window < 600 && !event; window += 1) {
    event = detector.push(next().map((v, i) => (i === 4 && window >= 300 ? v + 6 : v)));
  }
  expect(event?.features[0]?.name).toBe("f4");
  expect(event?.features[0]?.statistic).toBeGreaterThan(0.4);
  expect(event?.pValue).toBeLessThan(driftDefaults.pValueMax);
  expect(event?.samples).toMatchObject({ reference: 200, current: 60 });
  expect(event?.samples.currentEffective).toBeLessThan(60);
});

test("after an event the new normal is the reference", () => {
  const events = run(states(20), 400, 3000);
  expect(events).toHaveLength(1);
});

test("a restored detector goes on as if nothing had happened", () => {
  const next = states(20)(seededRng(3));
  const windows = Array.from({ length: 700 }, (_, i) => next().map((v) => (i < 400 ? v : v + 1)));
  const whole = driftDetector({ features });
  const events = windows.map((window) => whole.push(window));
  expect(events.some((event) => event !== undefined)).toBe(true);
  for (const cut of [100, 300, 410]) {
    const first = driftDetector({ features });
    for (const window of windows.slice(0, cut)) first.push(window);
    const stored = JSON.parse(JSON.stringify(first.state)) as DriftState;
    const second = driftDetector({ features }, stored);
    expect(windows.slice(cut).map((window) => second.push(window))).toEqual(events.slice(cut));
  }
});

test("memory is bounded and restart forgets", () => {
  const next = autoregressive(0.995)(seededRng(2));
  const detector = driftDetector({ features });
  for (let window = 0; window < 3000; window += 1) detector.push(next());
  const { reference, current } = detector.state;
  expect(reference.length / width).toBeLessThanOrEqual(driftDefaults.referenceWindowsMax);
  expect(current.length / width).toBe(driftDefaults.currentWindows);
  detector.restart();
  expect(detector.state).toEqual(driftDetector({ features }).state);
});

test("windows of other features and states of others are refused", () => {
  const detector = driftDetector({ features });
  const wrong = expect.objectContaining({ code: "FEATURES_INVALID" });
  expect(() => detector.push([1, 2])).toThrowError(wrong);
  expect(() => detector.push([1, 2, 3, 4, 5, Number.NaN])).toThrowError(wrong);
  const { state } = detector;
  const invalid = expect.objectContaining({ code: "DRIFT_STATE_INVALID" });
  expect(() => driftDetector({ features: ["a"] }, state)).toThrowError(invalid);
  for (const damaged of [{ reference: [1] }, { current: [Number.NaN] }, { watching: true }]) {
    expect(() => driftDetector({ features }, { ...state, ...damaged })).toThrowError(invalid);
  }
  expect(() =>
    driftDetector({ features }, { ...state, format: 2 } as unknown as DriftState),
  ).toThrowError(expect.objectContaining({ code: "FORMAT_UNKNOWN" }));
});
