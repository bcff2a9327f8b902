import { expect, test } from "vitest";
import { packetQueue } from "./packet-queue.ts";

test("an item is taken when the next is asked for, in order", async () => {
  const queue = packetQueue<number>();
  const taken: number[] = [];
  for (const item of [1, 2, 3]) queue.push(item, () => taken.push(item));
  queue.end();
  const items = queue.items();
  expect((await items.next()).value).toBe(1);
  expect(taken).toEqual([]);
  expect((await items.next()).value).toBe(2);
  expect(taken).toEqual([1]);
  expect((await items.next()).value).toBe(3);
  expect((await items.next()).done).toBe(true);
  expect(taken).toEqual([1, 2, 3]);
});

test("a reader that waits is woken by an item and by the end", async () => {
  const queue = packetQueue<string>();
  const items = queue.items();
  const first = items.next();
  queue.push("late", () => undefined);
  expect((await first).value).toBe("late");
  const second = items.next();
  queue.end();
  expect((await second).done).toBe(true);
});
