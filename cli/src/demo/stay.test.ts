import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { captureLedger } from "./capture/ledger.ts";
import { epochUs, packetUs, plantStream } from "./plant/plant-stream.ts";
import { predictionBook } from "./plant/prediction-book.ts";
import { keepUs, stayUntilInterrupted } from "./stay.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("hours of a fleet that stays take no more room than minutes, and an interrupt ends them", async () => {
  const stop = new AbortController();
  const book = predictionBook(["a", "b"]);
  const ledger = captureLedger();
  const stream = plantStream(1, 0, { endUs: epochUs + 60_000_000 });
  const startMs = performance.now();
  const nowUs = (): number => epochUs + (performance.now() - startMs) * 1000;
  const staying = stayUntilInterrupted({ book, ledger, streams: [stream], nowUs }, stop.signal);
  const entry = { gateway: "g1", truth: 0, predicted: 0, model: "m", latencyMs: 1, queued: false };
  let [entries, segments] = [0, 0];
  for (let second = 0; second < 4 * 3600; second += 1) {
    await vi.advanceTimersByTimeAsync(1000);
    stream.packet(nowUs() - packetUs);
    book.add({ ...entry, endUs: nowUs(), training: 0 });
    const content = [new Uint8Array(10)];
    ledger.record({ gateway: "g1", direction: "up", kind: "event", wireBytes: 10, content });
    entries = Math.max(entries, book.entries().length);
    segments = Math.max(segments, stream.segments.length);
  }
  const keepS = keepUs / 1e6;
  expect(entries).toBeLessThanOrEqual(keepS + 11);
  expect(entries).toBeGreaterThanOrEqual(keepS);
  expect(segments).toBeLessThanOrEqual(keepS / 2 + 11);
  expect([...ledger.contents()]).toEqual([]);
  expect(ledger.rows()).toMatchObject([{ messages: 4 * 3600, bytes: 40 * 3600 }]);
  stop.abort();
  await staying;
  expect(vi.getTimerCount()).toBe(0);
});

test("an interrupt that came before is an end at once", async () => {
  const streams = [plantStream(1, 0, { endUs: epochUs })];
  const growing = { book: predictionBook(["a"]), ledger: captureLedger(), streams };
  await stayUntilInterrupted({ ...growing, nowUs: () => epochUs }, AbortSignal.abort());
  expect(vi.getTimerCount()).toBe(0);
});
