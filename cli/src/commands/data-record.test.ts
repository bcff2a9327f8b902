import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { listDataset, readRecording } from "@edgeloop/core/data/node";
import { connect } from "mqtt";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../demo/fleet/free-port.ts";
import { temporary, testContext } from "../testing.ts";
import { run } from "./data-record.ts";

test("each label becomes a recording of what the sensor published meanwhile", async () => {
  const directory = temporary();
  const port = await freePort();
  const config = join(directory, "gateway.yaml");
  writeFileSync(
    config,
    `{format: 1, id: g, fleet: f, line: l, dataDirectory: data, broker: {embedded: {port: ${port}}},
      http: {port: 0}, sensors: [{kind: mqtt, sensor: s, topic: t, rateHz: 50,
      channels: [{name: x, unit: m}], format: {kind: json, values: [x]}}]}`,
  );
  const context = testContext();
  const sensor = publishing(port, () => (context.said.some((line) => /moving/.test(line)) ? 2 : 1));
  const to = join(directory, "recordings");
  const options = { to, label: ["still", "moving"], seconds: "0.5", pause: "0", attribute: [] };
  const result = await run(context, [config], options);
  await sensor.stop();
  expect(result).toMatchObject({ recordings: [{ label: "still" }, { label: "moving" }] });
  const read = await Promise.all(
    (await listDataset(to)).map(({ directory: folder }) => readRecording(folder)),
  );
  expect(read.map(({ recording }) => recording.attributes)).toEqual([
    { take: "moving" },
    { take: "still" },
  ]);
  expect(read.map(({ data }) => new Set(data))).toEqual([new Set([2]), new Set([1])]);
  for (const { timesUs, labels } of read) {
    expect(timesUs.length).toBeGreaterThan(5);
    expect(labels[0]?.startUs).toBe(timesUs[0]);
  }
});

test.for([
  [{ label: ["a", "b"] }, "--seconds"],
  [{ label: ["a b", "a-b"], seconds: "1" }, "a-b"],
  [{ label: ["…"] }, "letter or digit"],
] as const)("%j is wrong usage", async ([options, part]) => {
  await expect(run(testContext(), [], { to: "x", ...options })).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining(part),
  });
});

/** A sensor that publishes 50 times a second, whoever listens. */
function publishing(port: number, value: () => number): { stop(): Promise<void> } {
  let running = true;
  const done = (async () => {
    const client = connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 20 });
    // Until the broker is there the connection is refused.
    client.on("error", () => undefined);
    while (running) {
      client.publish("t", JSON.stringify({ x: value() }), { qos: 0 });
      await delay(20);
    }
    await client.endAsync(true);
  })();
  const stop = async (): Promise<void> => {
    running = false;
    await done;
  };
  onTestFinished(stop);
  return { stop };
}
