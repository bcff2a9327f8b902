import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { connect } from "node:net";
import type { Frame } from "@edgeloop/firmware-bridge";
import { decodeSamples, linkReceiver } from "@edgeloop/firmware-bridge";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporary } from "../../testing.ts";
import { epochUs, packetSamples, packetUs, plantStream } from "../plant/plant-stream.ts";
import type { FirmwareSender } from "./firmware-sender.ts";
import { firmwareSender } from "./firmware-sender.ts";
import { childrenOf } from "./learner-watch.ts";

const stream = plantStream(2, 0, { endUs: epochUs + 10_000_000 });
const info = {
  sensor: "vibration",
  rateHz: 1000,
  channels: ["x", "y", "z"].map((name) => ({ name, unit: "m/s2" })),
};
const starts = [0, 1, 2].map((index) => epochUs + index * packetUs);
const send = (sender: FirmwareSender): void => {
  for (const startUs of starts) sender.publish({ startUs, bytes: stream.packet(startUs) });
};

const startOf = (payload: Uint8Array): number => decodeSamples(info, payload).startUs;

/** Reads frames until the last packet came. */
async function framesOf(chunks: AsyncIterable<Uint8Array>): Promise<readonly Frame[]> {
  const receiver = linkReceiver((error) => {
    throw error;
  });
  const frames: Frame[] = [];
  for await (const chunk of chunks) {
    frames.push(...receiver.push(chunk));
    if (frames.some(({ payload }) => startOf(payload) === starts.at(-1))) break;
  }
  expect(receiver.counters()).toMatchObject({ repeated: 0, damaged: 0, restarts: 0 });
  return frames;
}

/** Frames are the packets that were sent: in order, to half a step of the sensor's. */
function expectPackets(frames: readonly Frame[]): void {
  const [first] = frames;
  expect(frames.map(({ kind, session, sequence }) => [kind, session, sequence])).toEqual(
    starts.map((_, index) => ["samples", 1007, (first?.sequence ?? 0) + index]),
  );
  frames.forEach(({ payload }, index) => {
    const startUs = starts[index] ?? 0;
    const samples = decodeSamples(info, payload);
    expect(samples.startUs).toBe(startUs);
    const sent = stream.acceleration(startUs, packetSamples);
    expect(samples.data).toHaveLength(sent.length);
    samples.data.forEach((value, at) => {
      expect(Math.abs(value - (sent[at] ?? Number.NaN))).toBeLessThanOrEqual(0.000_51);
    });
  });
}

test("without a C compiler the board is the TypeScript twin behind a socket", async () => {
  vi.stubEnv("PATH", "");
  onTestFinished(() => void vi.unstubAllEnvs());
  const sender = await firmwareSender(temporary(), 1007, () => true);
  expect(sender.made).toBe("typescript");
  const socket = connect(Number(new URL(sender.path).port), "127.0.0.1");
  // A board sends whether or not somebody listens: what it said before the line was open is gone.
  const earlier = epochUs + 50 * packetUs;
  const sayEarlier = (): number => {
    sender.publish({ startUs: earlier, bytes: stream.packet(earlier) });
    return socket.bytesRead;
  };
  const frames = framesOf(socket);
  await expect.poll(sayEarlier, { interval: 5 }).toBeGreaterThan(0);
  send(sender);
  expectPackets((await frames).filter(({ payload }) => startOf(payload) !== earlier));
  await sender.close();
});

const hasC = ["cc", "gcc", "clang"].some((name) => spawnSync(name, ["--version"]).status === 0);

test.skipIf(!hasC)("with a C compiler the board is the C99 sender behind a terminal", async () => {
  const sender = await firmwareSender(temporary(), 1007, () => true);
  expect(sender.made).toBe("c99");
  const line = await open(sender.path, "r");
  send(sender);
  expectPackets(await framesOf(line.createReadStream({ highWaterMark: 512 })));
  await sender.close();
});

test.skipIf(!hasC || !existsSync("/proc/self/task"))(
  "a C99 sender that ends by itself is lost; one that was closed is not",
  async () => {
    const sender = await firmwareSender(temporary(), 1007, () => true);
    expect(sender.lost()).toBeUndefined();
    const [program] = childrenOf(process.pid).filter((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("posix_sender"),
    );
    process.kill(program!, "SIGKILL");
    await expect.poll(() => sender.lost()?.code).toBe("FIRMWARE_SENDER_FAILED");
    await sender.close();
    expect(sender.lost()).toBeUndefined();
  },
);

test("a packet that is sent while no gateway is up counts as one that waited", async () => {
  vi.stubEnv("PATH", "");
  onTestFinished(() => void vi.unstubAllEnvs());
  let isUp = true;
  const sender = await firmwareSender(temporary(), 1, () => isUp);
  const publish = (startUs: number): void =>
    sender.publish({ startUs, bytes: stream.packet(startUs) });
  publish(epochUs);
  isUp = false;
  publish(epochUs + packetUs);
  expect(sender.delivery(epochUs)?.queued).toBe(false);
  expect(sender.delivery(epochUs + packetUs)?.queued).toBe(true);
  expect(sender.delivery(epochUs + 2 * packetUs)).toBeUndefined();
  await sender.close();
});
