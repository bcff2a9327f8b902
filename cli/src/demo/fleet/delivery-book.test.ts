import { expect, test } from "vitest";
import { deliveriesMax, deliveryBook } from "./delivery-book.ts";
import { packetsWaitingMax } from "./sensor-publisher.ts";

test("a delivery that has to wait after all keeps the moment at which the sensor had it", () => {
  const book = deliveryBook();
  book.sent(5, false);
  const first = book.of(5);
  book.delay(5);
  book.delay(6);
  expect(first).toMatchObject({ queued: false });
  expect(book.of(5)).toEqual({ ...first, queued: true });
  expect(book.of(6)).toBeUndefined();
});

test("a sensor that plays without end is remembered in part, longer than its packets may wait", () => {
  const book = deliveryBook();
  for (let at = 0; at <= deliveriesMax; at += 1) book.sent(at, true);
  expect(book.of(0)).toBeUndefined();
  expect(book.of(1)).toBeDefined();
  expect(book.of(deliveriesMax)).toBeDefined();
  expect(deliveriesMax).toBeGreaterThan(packetsWaitingMax);
});
