import { labelledWindows } from "@edgeloop/core/data";
import { listDataset, readRecording } from "@edgeloop/core/data/node";
import { decoderOf, parseFormat } from "@edgeloop/sensor-adapters";
import { expect, test } from "vitest";
import { temporary } from "../../testing.ts";
import { packedFormat, packSamples, replayEpochUs, scheduleReplay } from "./replay-schedule.ts";
import { recordPeople } from "./testing.ts";

const spec = { rateHz: 20, lengthSamples: 20, hopSamples: 5 };

async function recorded() {
  const directory = temporary();
  await recordPeople(directory, ["ann"]);
  return await Promise.all(
    (await listDataset(directory)).map(async ({ directory: path, recording }) => ({
      recording,
      content: await readRecording(path),
    })),
  );
}

test("a replay cuts the windows that the recordings themselves give, with the same labels", async () => {
  const recordings = await recorded();
  const replay = scheduleReplay(recordings, spec, replayEpochUs);
  const direct = recordings.flatMap(({ recording, content }) =>
    labelledWindows(recording, spec, content),
  );
  const played = replay.packets.flatMap(({ windows }) => windows);
  expect(played.map(({ label }) => label)).toEqual(direct.map(({ label }) => label));
  expect(played.length).toBeGreaterThan(100);
});

test("times begin at the schedule's start and never step back; recordings do not touch", async () => {
  const { packets, endUs } = scheduleReplay(await recorded(), spec, replayEpochUs);
  const starts = packets.map(({ samples }) => samples.startUs);
  expect(starts[0]).toBeGreaterThanOrEqual(replayEpochUs);
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  expect(endUs).toBeGreaterThan(starts.at(-1) ?? 0);
});

test("a gateway reads from a payload what was packed", async () => {
  const [first] = await recorded();
  if (first === undefined) throw new Error("nothing recorded");
  const [packet] = scheduleReplay([first], spec, replayEpochUs).packets;
  if (packet === undefined) throw new Error("nothing scheduled");
  const decode = decoderOf(first.recording, parseFormat(packedFormat, first.recording));
  const read = decode(packSamples(packet.samples), 0);
  expect([read.startUs, read.data]).toEqual([packet.samples.startUs, packet.samples.data]);
});
