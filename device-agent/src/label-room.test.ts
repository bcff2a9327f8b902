import type { WindowSpec } from "@edgeloop/core/data";
import type { Statement } from "@edgeloop/core/platform";
import { memoryStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { gatewayTables } from "./learning-schema.ts";
import { openLearningStore } from "./learning-store.ts";

const spec: WindowSpec = { rateHz: 10, lengthSamples: 2, hopSamples: 2 };
const windowUs = 200_000;

const prediction = (startUs: number): Statement => ({
  sql: `INSERT INTO prediction (sensor, start_us, end_us, label, scores, model, at_us)
        VALUES ('s', ?, ?, '', '', '', 0)`,
  params: [startUs, startUs + windowUs],
});

/** A store with room for two windows and four labels of each sensor. */
async function open() {
  const store = memoryStore();
  await store.commit(gatewayTables);
  const bounds = { windowsMax: 2, labelsMax: 4 };
  const learning = await openLearningStore(store, bounds);
  const keep = async (...indices: readonly number[]): Promise<void> => {
    for (const index of indices) {
      const data = Float32Array.of(index, index);
      const window = { sensor: "s", startUs: index * windowUs, rateHz: 10, data };
      await store.commit([...learning.keep(window, spec), prediction(window.startUs)]);
    }
    await learning.trim();
  };
  /** Labels the time of a window. */
  const label = (index: number, by = "anna", sensor = "s"): Promise<void> =>
    learning.label({
      kind: "label",
      sensor,
      startUs: index * windowUs,
      endUs: (index + 1) * windowUs,
      label: "bearing",
      by,
    });
  const labels = async (): Promise<readonly number[]> => {
    const found = await learning.labelsWithin("s", { startUs: 0, endUs: 1000 * windowUs });
    return found.map(({ startUs }) => startUs / windowUs);
  };
  return { bounds, keep, label, labels, learning, store };
}

test("however many labels come over time, a sensor keeps its bound, and each window kept keeps its own", async () => {
  const { keep, label, labels, learning } = await open();
  for (let index = 0; index < 50; index += 1) {
    await keep(index);
    await label(index);
    expect((await labels()).length).toBeLessThanOrEqual(4);
    const windows = await learning.windowsWithin("s", { startUs: 0, endUs: 1000 * windowUs });
    expect(await labels()).toEqual(
      expect.arrayContaining(windows.map((startUs) => startUs / windowUs)),
    );
  }
});

test("labels that are ahead of their windows stay; further ones are refused until windows have come", async () => {
  const { keep, label, labels } = await open();
  await keep(0);
  for (const index of [5, 6, 7, 8]) await label(index);
  await expect(label(9)).rejects.toMatchObject({ code: "LABELS_FULL" });
  expect(await labels()).toEqual([5, 6, 7, 8]);
  // The older windows have made way: their labels are passed and of no use.
  await keep(5, 6, 7, 8);
  await label(9);
  expect(await labels()).toEqual(expect.arrayContaining([7, 8, 9]));
});

test("labels without any window yet are never dropped", async () => {
  const { label, labels } = await open();
  for (const index of [1, 2, 3, 4]) await label(index);
  await expect(label(5)).rejects.toMatchObject({ code: "LABELS_FULL" });
  expect(await labels()).toEqual([1, 2, 3, 4]);
});

test("labels in a range that is held for a campaign stay, whether or not a window touches them", async () => {
  const { keep, label, labels, learning } = await open();
  await learning.seal("campaign", { startUs: 0, endUs: 2 * windowUs });
  for (const index of [0, 1, 2, 3]) await label(index);
  await keep(8, 9);
  await label(9);
  expect(await labels()).toEqual([0, 1, 9]);
});

test("a label that is sent again takes no room, and one sensor takes none of another's", async () => {
  const { label, labels } = await open();
  for (const index of [1, 2]) await label(index, "anna", "other");
  for (let turn = 0; turn < 20; turn += 1) await label(turn % 3);
  expect(await labels()).toEqual([0, 1, 2]);
});

test("the bound holds over a restart", async () => {
  const { bounds, label, store } = await open();
  for (const index of [1, 2, 3, 4]) await label(index);
  const again = await openLearningStore(store, bounds);
  const more = { kind: "label", sensor: "s", startUs: 0, endUs: 9, label: "x", by: "ben" } as const;
  await expect(again.label(more)).rejects.toMatchObject({ code: "LABELS_FULL" });
});
