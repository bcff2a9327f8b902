import { parseName, parseSha256, utf8 } from "@edgeloop/core/platform";
import { memoryStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { openSyncOutbox } from "./sync-outbox.ts";

const sign = (sequence: number) => Promise.resolve(utf8(`event ${sequence}`));
const [round, plan] = [parseName("c1-r1"), parseSha256("a".repeat(64))] as const;

test("events are numbered without a gap or a repetition, across restarts and removals", async () => {
  const store = memoryStore();
  const outbox = await openSyncOutbox(store);
  await Promise.all([outbox.addEvent(sign), outbox.addEvent(sign), outbox.addEvent(sign)]);
  await outbox.removeEvents(2);
  const again = await openSyncOutbox(store);
  await again.addEvent(sign);
  expect((await again.events(10)).map(({ sequence }) => sequence)).toEqual([3, 4]);
  expect(await again.events(1)).toEqual([{ sequence: 3, envelope: utf8("event 3") }]);
  await again.removeEvents(4);
  await (await openSyncOutbox(store)).addEvent(sign);
  expect(await again.events(10)).toMatchObject([{ sequence: 5 }]);
});

test("an event that could not be signed takes no number", async () => {
  const outbox = await openSyncOutbox(memoryStore());
  await expect(outbox.addEvent(() => Promise.reject(new Error("no key")))).rejects.toThrow();
  await outbox.addEvent(sign);
  expect(await outbox.events(10)).toMatchObject([{ sequence: 1 }]);
});

test("a trained update is kept by round and plan until it is removed", async () => {
  const store = memoryStore();
  const outbox = await openSyncOutbox(store);
  const update = { envelope: utf8("{}"), payload: { sha256: plan, bytes: 4 } };
  await outbox.keepUpdate(round, plan, update);
  await outbox.keepUpdate(round, plan, { ...update, envelope: utf8("other") });
  const again = await openSyncOutbox(store);
  expect(await again.update(round, plan)).toEqual(update);
  expect(await again.update(round, parseSha256("b".repeat(64)))).toBeUndefined();
  await again.removeUpdate(round, plan);
  expect(await again.update(round, plan)).toBeUndefined();
});
