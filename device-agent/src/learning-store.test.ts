import type { Window, WindowSpec } from "@edgeloop/core/data";
import type { Store } from "@edgeloop/core/platform";
import { memoryStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { gatewayTables } from "./learning-schema.ts";
import type { LearningStore } from "./learning-store.ts";
import { openLearningStore, windowEndUs } from "./learning-store.ts";

const spec: WindowSpec = { rateHz: 10, lengthSamples: 2, hopSamples: 1 };
const stepUs = 100_000;
const at = (index: number, sensor = "s"): Window => ({
  sensor,
  startUs: index * stepUs,
  rateHz: 10,
  data: Float32Array.of(index, -index),
});

async function open(windowsMax = 1000): Promise<{ store: Store; learning: LearningStore }> {
  const store = await memoryStore();
  await store.commit(gatewayTables);
  return { store, learning: await openLearningStore(store, { windowsMax }) };
}

async function keep({ store, learning }: Awaited<ReturnType<typeof open>>, ...indices: number[]) {
  for (const index of indices) {
    const statements = learning.keep(at(index), spec);
    if (statements.length > 0) await store.commit(statements);
  }
}

const label = (startUs: number, endUs: number, text = "bearing", by = "anna") =>
  ({ kind: "label", sensor: "s", startUs, endUs, label: text, by }) as const;

test("a window is there once, however often its packets are sent again", async () => {
  const opened = await open();
  await keep(opened, 0, 1, 1, 0);
  expect(await opened.learning.windowsWithin("s", { startUs: 0, endUs: 10 * stepUs })).toEqual([
    0,
    stepUs,
  ]);
});

test("only windows that lie inside a range belong to it", async () => {
  const opened = await open();
  await keep(opened, 0, 1, 2, 3, 4);
  const within = await opened.learning.windowsWithin("s", { startUs: stepUs, endUs: 4 * stepUs });
  expect(within).toEqual([stepUs, 2 * stepUs]);
});

test("the samples of a listed window come back bit by bit, in the order asked", async () => {
  const opened = await open();
  await keep(opened, 1, 2, 3);
  const entries = [3, 1].map((index) => ({ sensor: "s", startUs: index * stepUs, label: "x" }));
  expect(await opened.learning.data(entries)).toEqual([
    Float32Array.of(3, -3),
    Float32Array.of(1, -1),
  ]);
});

test("a listed window that is gone is an error, never left out in silence", async () => {
  const { learning } = await open();
  await expect(learning.data([{ sensor: "s", startUs: 0, label: "x" }])).rejects.toMatchObject({
    code: "WINDOW_MISSING",
  });
});

test("the same label sent twice is one label; a correction by the same author replaces it", async () => {
  const { learning } = await open();
  const range = { startUs: 0, endUs: 1000 };
  await learning.label(label(0, 1000));
  await learning.label(label(0, 1000));
  expect(await learning.labelsWithin("s", range)).toHaveLength(1);
  await learning.label(label(0, 1000, "normal"));
  await learning.label(label(0, 1000, "imbalance", "ben"));
  const labels = await learning.labelsWithin("s", range);
  expect(labels.map((one) => [one.by, one.label])).toEqual([
    ["anna", "normal"],
    ["ben", "imbalance"],
  ]);
});

test("a watermark only moves forward", async () => {
  const { learning } = await open();
  const mark = (completeUntilUs: number) =>
    learning.label({ kind: "complete", sensor: "s", completeUntilUs });
  await mark(500);
  await mark(200);
  expect((await learning.reach("s")).labelsUntilUs).toBe(500);
});

test("reach is the end of the newest window", async () => {
  const opened = await open();
  await keep(opened, 0, 1);
  expect((await opened.learning.reach("s")).windowsUntilUs).toBe(windowEndUs(stepUs, spec));
  expect(await opened.learning.reach("other")).toEqual({ windowsUntilUs: 0, labelsUntilUs: 0 });
});

test("beyond the bound the oldest unlabelled windows go first, sealed ones never", async () => {
  const opened = await open(4);
  const { learning } = opened;
  await keep(opened, 0, 1, 2, 3, 4, 5);
  await learning.label(label(0, stepUs)); // touches window 0
  await learning.seal("campaign", { startUs: 2 * stepUs, endUs: 4 * stepUs }); // touches 1, 2 and 3
  expect(await learning.trim()).toBe(2);
  const left = await learning.windowsWithin("s", { startUs: 0, endUs: 100 * stepUs });
  expect(left.map((startUs) => startUs / stepUs)).toEqual([0, 1, 2, 3]);
});

test("a label that came before its window counts too", async () => {
  const opened = await open(2);
  await opened.learning.label(label(0, stepUs));
  await keep(opened, 0, 5, 6);
  await opened.learning.trim();
  const left = await opened.learning.windowsWithin("s", { startUs: 0, endUs: 100 * stepUs });
  expect(left.map((startUs) => startUs / stepUs)).toEqual([0, 6]);
});

test("a store full of sealed windows refuses further ones instead of dropping", async () => {
  const opened = await open(2);
  await opened.learning.seal("campaign", { startUs: 0, endUs: 100 * stepUs });
  await keep(opened, 0, 1, 2);
  expect(await opened.learning.trim()).toBe(0);
  expect(opened.learning.keep(at(3), spec)).toEqual([]);
});

test("a list once written stays as it is", async () => {
  const { learning } = await open();
  await learning.seal("c", { startUs: 0, endUs: 10 });
  expect(await learning.list("c")).toBeUndefined();
  const first = [{ sensor: "s", startUs: 0, label: "<script>" }];
  await learning.writeList("c", first);
  await learning.writeList("c", []);
  await learning.seal("c", { startUs: 5, endUs: 6 });
  expect(await learning.list("c")).toEqual(first);
});

test("the window count survives a restart", async () => {
  const opened = await open();
  await keep(opened, 0, 1, 2);
  const again = await openLearningStore(opened.store, { windowsMax: 10 });
  expect(again.count()).toBe(3);
});
