import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { createWindower } from "@edgeloop/core/data";
import { listDataset, readRecording } from "@edgeloop/core/data/node";
import type { LabelMessage } from "@edgeloop/device-agent";
import { localTopics, parseLabelMessage } from "@edgeloop/device-agent";
import { parseProblem } from "@edgeloop/models";
import { decoderOf, parseFormat } from "@edgeloop/sensor-adapters";
import { Aedes } from "aedes";
import { expect, onTestFinished, test } from "vitest";
import { temporary } from "../../testing.ts";
import { predictionBook } from "../plant/prediction-book.ts";
import { demoNames } from "../settings.ts";
import { connectPersonSensor, sensorTopic } from "./person-sensor.ts";
import { packedFormat, replayEpochUs, scheduleReplay } from "./replay-schedule.ts";
import { recordPeople, writeProblem } from "./testing.ts";

/** A broker that does what a gateway does: cuts windows, and calls every one of them walking. */
async function fakeGateway(name: string) {
  const directory = temporary();
  await recordPeople(directory, ["ann"], 2);
  const problem = parseProblem(readFileSync(await writeProblem(directory), "utf8"), "test");
  const [stored] = await listDataset(directory);
  if (stored === undefined) throw new Error("nothing recorded");
  const { recording } = stored;
  const spec = { rateHz: problem.sensor.rateHz, ...problem.window };
  const decode = decoderOf(recording, parseFormat(packedFormat, recording));
  const windower = createWindower(recording, spec);
  const topics = localTopics({ fleet: demoNames.fleet, id: name });
  const labels: LabelMessage[] = [];
  const broker = await Aedes.createBroker();
  broker.on("publish", ({ topic, payload }) => {
    const bytes = Uint8Array.from(payload as Buffer);
    if (topic === topics.labels) labels.push(parseLabelMessage(bytes));
    if (topic !== sensorTopic(problem)) return;
    for (const { startUs } of windower.push(decode(bytes, 0)).windows) {
      const message = { startUs, endUs: startUs + 1e6, label: "walking", model: "m" };
      broker.publish(
        {
          cmd: "publish",
          topic: topics.inference(demoNames.line),
          payload: JSON.stringify(message),
          qos: 0,
          dup: false,
          retain: false,
        },
        () => undefined,
      );
    }
  });
  const server = createServer(broker.handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const book = predictionBook(problem.classes);
  const sensor = await connectPersonSensor({
    brokerUrl: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ gateway: name, problem, book, by: "somebody" },
    training: () => 3,
    signal: new AbortController().signal,
  });
  onTestFinished(async () => {
    await sensor.close();
    await new Promise<void>((resolve) => broker.close(resolve));
    server.close();
  });
  const content = await readRecording(stored.directory);
  const replay = scheduleReplay([{ recording, content }], spec, replayEpochUs);
  return { sensor, replay, book, labels, windower };
}

test("a replay ends when its last window was predicted, each beside what was true", async () => {
  const { sensor, replay, book } = await fakeGateway("ann");
  await sensor.play(replay);
  const windows = replay.packets.flatMap((packet) => packet.windows);
  const walking = windows.filter(({ label }) => label === "walking");
  expect(book.score(() => true)).toMatchObject({
    windows: windows.length,
    accuracy: walking.length / windows.length,
  });
});

test("labels come with who gave them, and last how far they are complete", async () => {
  const { sensor, replay, labels } = await fakeGateway("ann");
  await sensor.label(replay, replay.endUs);
  expect(labels).toEqual([
    ...replay.labels.map((label) => ({ kind: "label", sensor: "imu", ...label, by: "somebody" })),
    { kind: "complete", sensor: "imu", completeUntilUs: replay.endUs },
  ]);
});

test("a sensor hums until it is told to end; what is predicted meanwhile waited for nothing", async () => {
  const { sensor, replay, book, windower } = await fakeGateway("ann");
  await sensor.hum(replay, { everyMs: 20, isOver: () => windower.counters.windows > 3 });
  const all = replay.packets.flatMap(({ windows }) => windows);
  expect(windower.counters.windows).toBeLessThan(all.length);
  // Nobody waits for these predictions; they come all the same.
  await expect.poll(() => book.entries().length).toBe(windower.counters.windows);
  const entries = book.entries();
  expect(entries.every(({ queued, latencyMs }) => !queued && latencyMs > 0)).toBe(true);
  expect(book.latency(({ training }) => training === 3).windows).toBe(entries.length);
});

test("windows of a replay that is faster than real time count for no latency", async () => {
  const { sensor, replay, book } = await fakeGateway("ann");
  await sensor.play(replay);
  expect(book.latency(() => true).windows).toBe(0);
});
