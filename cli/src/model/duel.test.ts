import type { Session } from "@edgeloop/core/runtime";
import { expect, test } from "vitest";
import { duel } from "./duel.ts";

/** A session that notes who runs. */
const noting = (name: string, runs: string[]): Session => ({
  ...{ inputs: [], outputs: [] },
  run: () => {
    runs.push(name);
    return Promise.resolve({});
  },
  loop: () => Promise.reject(new Error("nobody loops here")),
  dispose: () => Promise.resolve(),
});

test("both run in turns, as often as each other", async () => {
  const runs: string[] = [];
  const contenders = ["a", "b"].map((name) => ({ session: noting(name, runs), feeds: {} }));
  const found = await duel(contenders, { ms: 0, runsMin: 4, runsMax: 9 });
  expect(runs).toEqual(Array.from({ length: 14 }, (_, i) => (i % 2 === 0 ? "a" : "b")));
  for (const { p50Us, p99Us } of found) expect(p99Us).toBeGreaterThanOrEqual(p50Us);
});

test("no more runs than the most, however long there is", async () => {
  const runs: string[] = [];
  await duel([{ session: noting("a", runs), feeds: {} }], { ms: 60_000, runsMin: 1, runsMax: 5 });
  expect(runs).toHaveLength(8);
});
