import { parseSha256, virtualClock } from "@edgeloop/core/platform";
import { openSession } from "@edgeloop/core/runtime";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { learnerHost } from "./learner-host.ts";
import { tinyPlan, tinyWindow } from "./testing.ts";

const data = { startUs: 0, endUs: 1, holdoutEvery: 0, holdoutBlockUs: 1 };

async function setUp() {
  const blobs = memoryBlobStore();
  const plan = await tinyPlan(blobs, parseSha256("0".repeat(64)), { data });
  const host = learnerHost({
    open: openSession,
    clock: virtualClock(),
    chooseBackend: () => Promise.resolve({ backend: "wasm", threads: 1, why: "not asked" }),
  });
  const parameters = {
    base: await blobs.get(plan.base.sha256),
    step: await blobs.get(plan.step.graph.sha256),
  };
  return { host, parameters, start: { plan, window: { lengthSamples: 20, channels: 2 } } };
}

const windows = (count: number): Float32Array => {
  const all = new Float32Array(count * 40);
  for (let index = 0; index < count; index += 1) all.set(tinyWindow(index / count), index * 40);
  return all;
};
const targets = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => Number(index > count / 2));

test("how windows are cut into messages makes no difference", async () => {
  const { host, parameters, start } = await setUp();
  await host.begin(start);
  await host.add({ data: windows(10), targets: targets(10) });
  const whole = await host.train(parameters);
  await host.begin(start);
  for (let index = 0; index < 10; index += 3) {
    const some = targets(10).slice(index, index + 3);
    const part = windows(10).slice(index * 40, (index + some.length) * 40);
    await host.add({ data: part, targets: some });
  }
  expect(await host.train(parameters)).toEqual(whole);
});

test("work before the beginning is refused", async () => {
  const { host, parameters } = await setUp();
  expect(() => host.train(parameters)).toThrow(
    expect.objectContaining({ code: "LEARNER_NOT_BEGUN" }),
  );
});
