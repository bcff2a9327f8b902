import { expect, test } from "vitest";
import { captureLedger } from "./ledger.ts";

const message = { gateway: "g1", direction: "up", content: [] } as const;

test("bytes add up by gateway, direction and kind; what has no kind is raw", () => {
  const ledger = captureLedger();
  ledger.record({ ...message, kind: "update", wireBytes: 10 });
  ledger.record({ ...message, kind: "update", wireBytes: 5 });
  ledger.record({ ...message, kind: undefined, wireBytes: 3 });
  expect(ledger.rows()).toEqual([
    { gateway: "g1", direction: "up", kind: "update", messages: 2, bytes: 15 },
    { gateway: "g1", direction: "up", kind: "raw", messages: 1, bytes: 3 },
  ]);
  expect(ledger.rawBytes()).toBe(3);
});

test("what was said is kept for the search, until it is only counted", () => {
  const ledger = captureLedger();
  const content = [Uint8Array.of(1, 2)];
  ledger.record({ ...message, content, kind: "update", wireBytes: 2 });
  expect([...ledger.contents()]).toEqual(content);
  ledger.countOnly();
  ledger.record({ ...message, content, kind: undefined, wireBytes: 2 });
  expect([...ledger.contents()]).toEqual([]);
  expect(ledger.rows().map(({ bytes }) => bytes)).toEqual([2, 2]);
  expect(ledger.rawBytes()).toBe(2);
});

test("what takes a while to attribute waits in a row of its own, and for raw bytes nothing waits", () => {
  const ledger = captureLedger();
  const asked: string[] = [];
  const later = (kind: string | undefined) => () => {
    asked.push(String(kind));
    return kind;
  };
  ledger.record({ ...message, kind: later("update"), wireBytes: 10 });
  ledger.record({ ...message, kind: later(undefined), wireBytes: 3 });
  expect(asked).toEqual([]);
  expect(ledger.rows()).toMatchObject([{ kind: "not read yet", messages: 2, bytes: 13 }]);
  ledger.attribute(0);
  expect(asked).toEqual([]);
  expect(ledger.rawBytes()).toBe(3);
  expect(ledger.rows()).toMatchObject([
    { kind: "update", messages: 1, bytes: 10 },
    { kind: "raw", messages: 1, bytes: 3 },
  ]);
  ledger.countOnly();
  ledger.record({ ...message, kind: later("event"), wireBytes: 1 });
  expect(asked).toEqual(["update", "undefined", "event"]);
});
