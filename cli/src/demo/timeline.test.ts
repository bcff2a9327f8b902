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
