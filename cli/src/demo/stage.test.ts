import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { captureLedger } from "./capture/ledger.ts";
import type { PlantPlayer } from "./fleet/plant-player.ts";
import { predictionBook } from "./plant/prediction-book.ts";
import type { ReportState } from "./report/report-state.ts";
import { emptyReport } from "./report/report-state.ts";
import { roundBook } from "./round-book.ts";
import { openStage } from "./stage.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function theatre() {
  const gateways = ["g1", "g2"];
  let state: ReportState = emptyReport("title", gateways);
  const said: string[] = [];
  let player: PlantPlayer | undefined;
  const books = { book: predictionBook(["a", "b"]), rounds: roundBook(), ledger: captureLedger() };
  const stage = openStage({
    ...{ ...books, gateways },
    report: {
      url: "",
      state: () => state,
      update: (patch) => {
        state = { ...state, ...patch };
      },
      close: () => Promise.resolve(),
    },
    player: () => player,
    say: (line) => said.push(line),
  });
  const play = (nowUs: number): void => {
    player = { nowUs: () => nowUs, stop: () => undefined };
  };
  return { ...books, stage, said, state: () => state, play };
}

test("phases and events are said with the time since the stage was opened", () => {
  const { stage, said, state } = theatre();
  stage.phase("setup");
  vi.advanceTimersByTime(1250);
  stage.event("pump-1: DRIFT_DETECTED");
  expect(said).toEqual([
    "[   0.0 s] setting up: keys, laboratory, first release",
    "[   1.3 s]   pump-1: DRIFT_DETECTED",
  ]);
  expect(state().phase).toBe("setting up: keys, laboratory, first release");
  expect(state().events).toEqual([{ atS: 1.3, text: "pump-1: DRIFT_DETECTED" }]);
});

test("the page keeps a bounded number of events, the newest", () => {
  const { stage, state } = theatre();
  for (let index = 0; index < 450; index += 1) stage.event(String(index));
  expect(state().events.map(({ text }) => text)).toEqual(
    Array.from({ length: 400 }, (_, index) => String(index + 50)),
  );
});

test("accuracy is of the last seconds of sensor time; before anything is played there is no point", () => {
  const { stage, book, state, play } = theatre();
  stage.refresh();
  expect(state().accuracy).toEqual([]);
  const entry = { truth: 0, model: "m", latencyMs: 4, queued: false, training: 0 };
  book.add({ ...entry, gateway: "g1", endUs: 7_000_000, predicted: 1 });
  book.add({ ...entry, gateway: "g1", endUs: 7_000_001, predicted: 0 });
  book.add({ ...entry, gateway: "g1", endUs: 9_000_000, predicted: 1, training: 2, latencyMs: 9 });
  play(10_000_000);
  stage.refresh();
  expect(state().accuracy).toEqual([{ atS: 0, fleet: 0.5, gateways: [0.5, null] }]);
  expect(state().latency).toEqual([
    { name: "idle", windows: 2, p50Ms: 4, p99Ms: 4 },
    { name: "while training", windows: 1, p50Ms: 9, p99Ms: 9 },
  ]);
});

test("the page keeps the newest half hour of accuracy", () => {
  const { stage, state, play } = theatre();
  play(10_000_000);
  for (let index = 0; index < 1900; index += 1) {
    vi.advanceTimersByTime(1000);
    stage.refresh();
  }
  expect(state().accuracy).toHaveLength(1800);
  expect(state().accuracy.at(-1)?.atS).toBe(1900);
});

test("a state in which nothing was measured has no latency on the page", () => {
  const { stage, state } = theatre();
  stage.refresh();
  expect(state().latency.map(({ p99Ms }) => p99Ms)).toEqual([null, null]);
});

test("a refresh shows the rounds and the traffic of their books", () => {
  const { stage, rounds, ledger, state } = theatre();
  rounds.take({ stream: "round/r1/1", kind: "training", details: {} }, 2);
  ledger.record({ gateway: "g1", direction: "up", kind: "update", wireBytes: 9, content: [] });
  stage.refresh();
  expect(state().rounds).toEqual(rounds.rounds());
  expect(state().traffic).toMatchObject([{ gateway: "g1", kind: "update", bytes: 9 }]);
});
