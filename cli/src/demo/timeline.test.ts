import { expect, test } from "vitest";
import { waiting } from "./timeline.ts";

test("a wait ends when its condition holds and not before", async () => {
  const { until, poke } = waiting(new AbortController().signal);
  let [ready, done] = [false, false];
  const wait = until(() => ready).then(() => {
    done = true;
  });
  poke();
  await Promise.resolve();
  expect(done).toBe(false);
  ready = true;
  poke();
  await wait;
  expect(done).toBe(true);
});

test("a condition that already holds is no wait", async () => {
  await waiting(new AbortController().signal).until(() => true);
});

test("an abort ends every wait with its reason", async () => {
  const stop = new AbortController();
  const { until } = waiting(stop.signal);
  const wait = until(() => false);
  stop.abort(new Error("enough"));
  await expect(wait).rejects.toThrow("enough");
});

test("trouble ends a wait at the next poke, but not one whose condition holds", async () => {
  let trouble: Error | undefined;
  let isThere = false;
  const { until, poke } = waiting(new AbortController().signal, () => trouble);
  const vain = until(() => false);
  const fulfilled = until(() => isThere);
  poke();
  [trouble, isThere] = [new Error("no more"), true];
  poke();
  await expect(vain).rejects.toBe(trouble);
  await fulfilled;
  await expect(until(() => false)).rejects.toBe(trouble);
});
