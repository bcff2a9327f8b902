// Runs docs/first-sensor.md as it stands: every command, in its order, against a sensor that publishes what the page says.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gaussian, seededRng } from "@edgeloop/core/platform";
import { connect } from "mqtt";
import { expect, onTestFinished, test } from "vitest";
import type { Step } from "./page.ts";
import { expectLines, stepsOf, type } from "./page.ts";

/** The commands of the page with what it says that they print. */
const steps = stepsOf("first-sensor.md");

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** The sensor of the page: three axes at 100 Hz, ten samples a message, lying still or being shaken. */
function startSensor(port: number): { state: "still" | "shaken" } {
  const sensor: { state: "still" | "shaken" } = { state: "still" };
  const client = connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 200 });
  client.on("error", () => undefined);
  const rng = seededRng(1);
  const stop = new AbortController();
  const publishing = (async () => {
    const startMs = performance.now();
    for (let packet = 1; !stop.signal.aborted; packet += 1) {
      await delay(Math.max(0, startMs + packet * 100 - performance.now()));
      const shake = (sample: number): number =>
        sensor.state === "shaken" ? 4 * Math.sin((packet * 10 + sample) * 0.4) : 0;
      const axis = (level: number, share: number): number[] =>
        Array.from({ length: 10 }, (_, at) => level + share * shake(at) + 0.03 * gaussian(rng));
      const message = { x: axis(0, 1), y: axis(0, 0.5), z: axis(9.8, 0) };
      if (client.connected) client.publish("machine/vibration", JSON.stringify(message));
    }
    await client.endAsync(true);
  })();
  onTestFinished(async () => {
    stop.abort();
    await publishing;
  });
  return sensor;
}

test("the page has at most five commands", () => {
  expect(steps.length).toBeGreaterThan(3);
  expect(steps.length).toBeLessThanOrEqual(5);
});

test("each command does what the page says, from a sensor to its predictions", async () => {
  const directory = mkdtempSync(join(tmpdir(), "edgeloop-first-sensor-"));
  const children: ChildProcess[] = [];
  onTestFinished(async () => {
    for (const child of children.filter(({ exitCode }) => exitCode === null)) {
      child.kill("SIGKILL");
      await once(child, "close");
    }
    rmSync(directory, { recursive: true, force: true });
  });
  const run = (step: Step | undefined, heard?: (line: string) => void) => {
    const typed = type(step?.command ?? "", directory, heard);
    children.push(typed.child);
    return typed;
  };
  const [init, record, release, gateway, label] = steps;

  const begun = await run(init).done;
  expect(begun).toMatchObject({ code: 0 });
  expectLines(begun.lines, init as Step);
  // The one liberty: other programs of this machine may have the ports.
  const file = join(directory, "gateway.yaml");
  const port = await freePort();
  const moved = readFileSync(file, "utf8")
    .replace("port: 1883", `port: ${port}`)
    .replace("port: 8470", `port: ${await freePort()}`);
  expect(moved).toContain(`port: ${port}`);
  writeFileSync(file, moved);

  const sensor = startSensor(port);
  const recorded = await run(record, (line) => {
    if (line.startsWith("next: shaken")) sensor.state = "shaken";
  }).done;
  expect(recorded).toMatchObject({ code: 0 });
  expectLines(recorded.lines, record as Step);

  const released = await run(release).done;
  expect(released).toMatchObject({ code: 0 });
  expectLines(released.lines, release as Step);

  sensor.state = "still";
  const still = Promise.withResolvers<void>();
  const shaken = Promise.withResolvers<void>();
  const running = run(gateway, (line) => {
    if (line.endsWith("serves")) still.resolve();
    if (sensor.state === "shaken" && / shaken {2}/.test(line)) shaken.resolve();
  });
  const ended = running.done.then<never>(({ errors }) => {
    throw new Error(`the gateway ended: ${errors}`);
  });
  await Promise.race([still.promise, ended]);
  sensor.state = "shaken";
  await Promise.race([shaken.promise, ended]);
  const labelled = await run(label).done;
  expect(labelled).toMatchObject({ code: 0 });
  expectLines(labelled.lines, label as Step);
  // Ctrl-C reaches the whole group of a terminal; the launcher passes it on where only it is told.
  running.child.kill("SIGINT");
  expect((await running.done).code).toBe(0);
  expectLines(running.lines, gateway as Step);
}, 240_000);
