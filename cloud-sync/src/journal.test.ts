import { memoryStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import type { Journal, MachineRules } from "./journal.ts";
import { openJournal, openMachine } from "./journal.ts";
import { ledgerSchema } from "./ledger-schema.ts";

type Event = { readonly add: number };
const rules = (seen: number[] = []): MachineRules<number, Event> => ({
  start: 0,
  parse: (value) => value as Event,
  step: (state, { add }) =>
    add < 0 ? { state, refusal: "NEGATIVE" } : { state: add === 0 ? state : state + add },
  changed: ({ state }) => seen.push(state),
});

async function journal(): Promise<Journal> {
  const store = memoryStore();
  await store.commit(ledgerSchema);
  return openJournal(store, "1.0.0");
}

test("a machine's state is the fold over its stream, after a restart too", async () => {
  const log = await journal();
  const seen: number[] = [];
  const machine = await openMachine(log, "round/a", rules(seen));
  expect(await Promise.all([1, 2, 0, -1, 3].map((add) => machine.apply({ add })))).toEqual([
    undefined,
    undefined,
    undefined,
    "NEGATIVE",
    undefined,
  ]);
  expect([machine.state(), seen]).toEqual([6, [1, 3, 6]]);
  expect((await openMachine(log, "round/a", rules())).state()).toBe(6);
  expect(await log.read("round/a")).toEqual([{ add: 1 }, { add: 2 }, { add: 3 }]);
});

test("the state does not move when the event cannot be stored, and later events go on", async () => {
  const log = await journal();
  let full = true;
  const failing: Journal = {
    ...log,
    append: (...args) => (full ? Promise.reject(new Error("disk full")) : log.append(...args)),
  };
  const machine = await openMachine(failing, "round/a", rules());
  await expect(machine.apply({ add: 1 })).rejects.toThrow("disk full");
  expect(machine.state()).toBe(0);
  full = false;
  await machine.apply({ add: 2 });
  expect(machine.state()).toBe(2);
});

test("what could not be read again is not written", async () => {
  const log = await journal();
  const strict = {
    ...rules(),
    parse: (value: unknown) => {
      if ((value as Event).add > 100) throw new Error("too much");
      return value as Event;
    },
  };
  const machine = await openMachine(log, "round/a", strict);
  await expect(machine.apply({ add: 101 })).rejects.toThrow("too much");
  expect([machine.state(), await log.read("round/a")]).toEqual([0, []]);
});

test("two writers of one stream cannot both have their way", async () => {
  const log = await journal();
  const [first, second] = await Promise.all([
    openMachine(log, "round/a", rules()),
    openMachine(log, "round/a", rules()),
  ]);
  await first?.apply({ add: 1 });
  await expect(second?.apply({ add: 2 })).rejects.toMatchObject({ code: "STORE_CONSTRAINT" });
});

test("streams are listed by prefix, and a broken one is refused", async () => {
  const log = await journal();
  await log.append("round/a", 0, { add: 1 });
  await log.append("rollout/b", 0, { add: -1 });
  expect(await log.streams("round/")).toEqual(["round/a"]);
  await expect(openMachine(log, "rollout/b", rules())).rejects.toMatchObject({
    code: "JOURNAL_BROKEN",
  });
});
