import { join } from "node:path";
import type { Adapter, Refusal, Samples } from "@edgeloop/core/data";
import { readRecording } from "@edgeloop/core/data/node";
import { virtualClock } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { temporary } from "../testing.ts";
import { recordTake } from "./record-take.ts";

const info = { sensor: "s", rateHz: 10, channels: [{ name: "x", unit: "V" }] };
const packet = (second: number): Samples => ({
  sensor: "s",
  startUs: second * 1e6,
  periodUs: 1e5,
  data: new Float32Array(10).fill(second),
});
const bad: Refusal = { code: "PAYLOAD_MALFORMED", message: "no", atUs: 0 };

/** Gives its packets, then waits for the signal; `undefined` stands for a payload that is refused. */
const adapterOf = (packets: readonly (Samples | undefined)[], sent?: () => void): Adapter => ({
  info,
  async *samples({ signal, refuse }) {
    for (const one of packets) {
      if (one) yield one;
      else refuse(bad);
    }
    sent?.();
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve());
    });
  },
});

function takeOf(adapter: Adapter, clock = virtualClock()) {
  const stop = new AbortController();
  return {
    clock,
    stop: () => stop.abort(),
    take: {
      directory: join(temporary(), "take"),
      adapter,
      origin: "a test",
      attributes: { take: "one" },
      label: "on",
      clock,
      signal: stop.signal,
      progress: () => undefined,
      refuse: () => undefined,
    },
  };
}

test("a take is labelled from its first to its last sample, and refusals are counted", async () => {
  let stop = (): void => undefined;
  const packets = [packet(0), undefined, ...Array.from({ length: 24 }, (_, at) => packet(at + 1))];
  const { take, stop: end } = takeOf(adapterOf(packets, () => stop()));
  stop = end;
  const report = await recordTake(take);
  expect(report).toMatchObject({ rows: 250, refusals: { PAYLOAD_MALFORMED: 1 }, label: "on" });
  const { timesUs, labels, recording } = await readRecording(take.directory);
  expect(timesUs).toHaveLength(250);
  expect(recording.attributes).toEqual({ take: "one" });
  expect(labels.map(({ startUs, endUs }) => [startUs, endUs])).toEqual([
    [0, 10e6],
    [10e6, 20e6],
    [20e6, 25e6],
  ]);
});

test("the time of a take begins with its first packet", async () => {
  const ready = Promise.withResolvers<void>();
  const { clock, take } = takeOf(adapterOf([packet(0)], ready.resolve));
  const recording = recordTake({ ...take, durationS: 5, silenceSMax: 30 });
  await ready.promise;
  await clock.advance(5000);
  expect(await recording).toMatchObject({ rows: 10 });
});

test("a sensor that says nothing is an error that says where it was looked for", async () => {
  const ready = Promise.withResolvers<void>();
  const { clock, take } = takeOf(adapterOf([], ready.resolve));
  const recording = recordTake({ ...take, durationS: 5, silenceSMax: 30 });
  await ready.promise;
  await Promise.all([
    expect(recording).rejects.toMatchObject({
      code: "RECORDING_SILENT",
      message: expect.stringContaining("nothing came from a test within 30 s"),
    }),
    clock.advance(30_000),
  ]);
});

test("a sensor of which all is refused is an error with the codes", async () => {
  const ready = Promise.withResolvers<void>();
  const { clock, take } = takeOf(adapterOf([undefined, undefined], ready.resolve));
  const recording = recordTake({ ...take, durationS: 5, silenceSMax: 30 });
  await ready.promise;
  await Promise.all([
    expect(recording).rejects.toMatchObject({
      code: "RECORDING_EMPTY",
      message: expect.stringContaining("2 × PAYLOAD_MALFORMED"),
    }),
    clock.advance(30_000),
  ]);
});
