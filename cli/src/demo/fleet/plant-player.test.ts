import type { MqttClient } from "mqtt";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { epochUs, packetUs, plantedLabeller, plantStream, truthOf } from "../plant/plant-stream.ts";
import { playPlant } from "./plant-player.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Said = Readonly<Record<string, unknown>>;

function machine(index: number) {
  const stream = plantStream(9, index, { endUs: epochUs + 60_000_000 });
  const packets: { startUs: number; bytes: Uint8Array; atMs: number }[] = [];
  const said: Said[] = [];
  const client = {
    publish: (topic: string, text: string, options: object) => {
      said.push({ topic, ...options, ...JSON.parse(text) });
    },
  };
  const played = {
    gateway: `pump-${index + 1}`,
    stream,
    sink: {
      publish: (packet: { startUs: number; bytes: Uint8Array }) =>
        packets.push({ ...packet, atMs: performance.now() }),
      delivery: () => undefined,
    },
    client: client as unknown as MqttClient,
    labelsTopic: `labels/${index}`,
  };
  return { packets, played, said, stream };
}

const seconds = (count: number): number => epochUs + count * 1e6;
const schedule = { startUs: epochUs, endUs: seconds(60), speed: 1 };
const labels = {
  seed: 4,
  share: 1,
  lateS: 3,
  windowUs: 2 * packetUs,
  fromUs: (): number => epochUs,
};

test.for([1, 4])(
  "at %ix, each packet comes when its last sample is due, no later, none twice",
  (speed) => {
    const { packets, played, stream } = machine(0);
    const startMs = performance.now();
    const player = playPlant([played], { ...schedule, speed }, labels);
    vi.advanceTimersByTime(5000 / speed);
    expect(packets.map(({ startUs }) => startUs)).toEqual(
      Array.from({ length: 50 }, (_, index) => epochUs + index * packetUs),
    );
    for (const { startUs, bytes, atMs } of packets) {
      const dueMs = startMs + (startUs + packetUs - epochUs) / 1000 / speed;
      expect(atMs).toBeGreaterThanOrEqual(dueMs);
      expect(atMs).toBeLessThan(dueMs + 2);
      expect(bytes).toEqual(stream.packet(startUs));
    }
    expect(player.nowUs()).toBeCloseTo(seconds(5), 0);
    player.stop();
  },
);

test("machines are played at one speed, their packets spread over the length of one", () => {
  const [one, two] = [machine(0), machine(1)];
  const player = playPlant([one.played, two.played], schedule, labels);
  vi.advanceTimersByTime(2049);
  expect(one.packets).toHaveLength(20);
  expect(two.packets).toHaveLength(19);
  one.packets.slice(0, 19).forEach(({ startUs, atMs }, at) => {
    expect(two.packets[at]?.startUs).toBe(startUs);
    // Half a packet of 100 ms later, to the timer's millisecond.
    expect(Math.abs((two.packets[at]?.atMs ?? 0) - atMs - 50)).toBeLessThanOrEqual(2);
  });
  player.stop();
});

test("a player that was held up hands over everything that became due, in order", () => {
  const { packets, played } = machine(0);
  const now = vi.spyOn(performance, "now").mockReturnValue(5);
  playPlant([played], schedule, labels);
  now.mockReturnValue(1005);
  vi.advanceTimersToNextTimer();
  now.mockRestore();
  expect(packets.map(({ startUs }) => startUs)).toEqual(
    Array.from({ length: 10 }, (_, index) => epochUs + index * packetUs),
  );
});

test("a player that was stopped plays no more", () => {
  const { packets, played } = machine(0);
  const player = playPlant([played], schedule, labels);
  vi.advanceTimersByTime(1000);
  player.stop();
  vi.advanceTimersByTime(3000);
  expect(packets).toHaveLength(10);
  expect(vi.getTimerCount()).toBe(0);
});

test("the schedule has an end", () => {
  const { packets, played } = machine(0);
  playPlant([played], { ...schedule, endUs: seconds(1) }, labels);
  vi.runAllTimers();
  expect(packets).toHaveLength(10);
  expect(vi.getTimerCount()).toBe(0);
});

test("labels come as late as asked, of windows from the change on, and say until when they are complete", () => {
  const { played, said, stream } = machine(0);
  let fromUs = Number.POSITIVE_INFINITY;
  const player = playPlant([played], schedule, { ...labels, fromUs: () => fromUs });
  vi.advanceTimersByTime(4950);
  expect(said).toEqual([]);
  fromUs = seconds(2);
  vi.advanceTimersByTime(1200);
  const wire = { topic: "labels/0", qos: 1, sensor: stream.sensor };
  const labelled = (startUs: number): Said => {
    const window = { startUs, endUs: startUs + labels.windowUs };
    return { ...wire, ...window, label: truthOf(stream.segments, window), by: plantedLabeller };
  };
  const expected = Array.from({ length: 11 }, (_, index) => seconds(2) + index * packetUs).flatMap(
    (startUs) => [
      labelled(startUs),
      ...(startUs % 1e6 === 0 ? [{ ...wire, completeUntilUs: startUs }] : []),
    ],
  );
  expect(said).toEqual(expected);
  player.stop();
});
