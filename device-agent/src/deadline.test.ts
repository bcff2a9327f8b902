import { virtualClock } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { within } from "./deadline.ts";

test("work that ends in time gives its result or its own error", async () => {
  const clock = virtualClock();
  expect(await within(Promise.resolve(7), 100, clock)).toBe(7);
  const failure = new Error("told to fail");
  await expect(within(Promise.reject(failure), 100, clock)).rejects.toBe(failure);
});

test("work that never ends is given up at its deadline, not before", async () => {
  const clock = virtualClock();
  let ended: unknown;
  const waiting = within(new Promise(() => undefined), 100, clock).catch((error: unknown) => {
    ended = error;
  });
  await clock.advance(99);
  expect(ended).toBeUndefined();
  await clock.advance(1);
  await waiting;
  expect(ended).toMatchObject({ code: "DEADLINE_EXCEEDED" });
});
