import { gaussian, seededRng } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import type { DriftHost } from "./drift-host.ts";
import { driftHost } from "./drift-host.ts";

const options = { referenceWindows: 60, referenceWindowsMax: 240, currentWindows: 30 };

/** Windows of noise; the level changes at `changeAt`. */
async function watch(
  host: DriftHost,
  {
    count,
    level,
    seed = 1,
    model = "a",
  }: { count: number; level: number; seed?: number; model?: string },
) {
  const rng = seededRng(seed);
  let events = 0;
  let saved: string | undefined;
  for (let index = 0; index < count; index += 1) {
    const data = Float32Array.from({ length: 100 }, () => level * gaussian(rng));
    const answer = await host.observe({ sensor: "s", channels: ["x"], data, model });
    if (answer.event) events += 1;
    saved = answer.save ?? saved;
  }
  return { events, saved };
}

test("a change of level is one event; steady noise is none", async () => {
  const host = driftHost(options);
  expect((await watch(host, { count: 400, level: 1 })).events).toBe(0);
  expect((await watch(host, { count: 60, level: 3, seed: 2 })).events).toBe(1);
});

test("another model starts the watch again: what it meets first is normal", async () => {
  const host = driftHost(options);
  await watch(host, { count: 300, level: 1 });
  expect((await watch(host, { count: 300, level: 3, seed: 2, model: "b" })).events).toBe(0);
});

test("what was normal before a restart is what is compared with after it", async () => {
  const { saved = "" } = await watch(driftHost(options), { count: 300, level: 1 });
  const again = driftHost(options);
  await again.restore("s", saved);
  expect((await watch(again, { count: 60, level: 3, seed: 2 })).events).toBe(1);
});

test.for(["{}", '{"model":"a","state":{"format":9}}'])(
  "a saved state that cannot be used is passed over: %s",
  async (saved) => {
    const host = driftHost(options);
    await host.restore("s", saved);
    expect((await watch(host, { count: 10, level: 1 })).events).toBe(0);
  },
);
