import { afterEach, describe, expect, test } from "vitest";
import type { Statement, Store } from "../platform/store.ts";

/** A way to open a store under test. */
export type StoreUnderTest = {
  /** Opens the store over the same rows as the last time within one test, or an empty one at first. */
  open(): Promise<Store>;
  /** Forgets everything after a test. */
  reset(): Promise<void>;
  /** Whether rows outlive `close`; a store in memory says false. */
  readonly durable: boolean;
};

const insert = (id: number, note: string): Statement => ({
  sql: "INSERT INTO item (id, note) VALUES (?, ?)",
  params: [id, note],
});
const ids = async (store: Store): Promise<unknown[]> =>
  (await store.query("SELECT id FROM item ORDER BY id")).map((row) => row["id"]);

/** Registers the tests that every {@link Store} passes. */
export function storeContract(name: string, { open, reset, durable }: StoreUnderTest): void {
  const openWithTable = async (): Promise<Store> => {
    const store = await open();
    await store.commit([
      { sql: "CREATE TABLE item (id INTEGER PRIMARY KEY, note TEXT NOT NULL)" },
      { sql: "CREATE TABLE part (item INTEGER NOT NULL REFERENCES item (id))" },
    ]);
    return store;
  };

  describe(`${name} keeps the store contract`, () => {
    afterEach(reset);

    test("committed rows can be read", async () => {
      const store = await openWithTable();
      expect(await store.commit([insert(1, "a"), insert(2, "b")])).toEqual([1, 1]);
      expect(await store.query("SELECT * FROM item WHERE id = ?", [2])).toEqual([
        { id: 2, note: "b" },
      ]);
      await store.close();
    });

    test("every value comes back as it went in", async () => {
      const store = await open();
      await store.commit([
        { sql: "CREATE TABLE v (i INTEGER, r REAL, t TEXT, b BLOB, n INTEGER)" },
      ]);
      const row = {
        i: Number.MAX_SAFE_INTEGER,
        r: 0.1,
        t: "é\u0000😀",
        b: Uint8Array.of(0, 255),
        n: null,
      };
      await store.commit([
        { sql: "INSERT INTO v VALUES (?, ?, ?, ?, ?)", params: Object.values(row) },
        { sql: "INSERT INTO v (i) VALUES (?)", params: [2n ** 62n] },
      ]);
      const rows = await store.query("SELECT * FROM v");
      expect(rows[0]).toEqual({ ...row, b: new Uint8Array(row.b) });
      expect(rows[1]?.["i"]).toBe(2n ** 62n);
      await store.close();
    });

    test("the number of changed rows is reported per statement", async () => {
      const store = await openWithTable();
      await store.commit([insert(1, "a"), insert(2, "a"), insert(3, "b")]);
      const changes = await store.commit([
        { sql: "UPDATE item SET note = 'c' WHERE note = 'a'" },
        { sql: "DELETE FROM item WHERE id = 9" },
      ]);
      expect(changes).toEqual([2, 0]);
      await store.close();
    });

    test("a call with a failing statement changes nothing", async () => {
      const store = await openWithTable();
      await store.commit([insert(1, "a")]);
      await expect(store.commit([insert(2, "b"), insert(1, "again")])).rejects.toMatchObject({
        code: "STORE_CONSTRAINT",
      });
      expect(await ids(store)).toEqual([1]);
      await store.close();
    });

    test("calls made at once fail one by one", async () => {
      const store = await openWithTable();
      const calls = Array.from({ length: 40 }, (_, i) =>
        store.commit([insert(i, "a"), ...(i % 4 === 3 ? [insert(i, "twice")] : [])]),
      );
      const outcomes = await Promise.allSettled(calls);
      expect(outcomes.map(({ status }) => status === "fulfilled")).toEqual(
        calls.map((_, i) => i % 4 !== 3),
      );
      expect(await ids(store)).toEqual(calls.map((_, i) => i).filter((i) => i % 4 !== 3));
      await store.close();
    });

    test("calls are applied in the order in which they were made", async () => {
      const store = await openWithTable();
      const calls = Array.from({ length: 30 }, (_, i) =>
        store.commit([
          { sql: "INSERT INTO item SELECT count(*), ? FROM item", params: [String(i)] },
        ]),
      );
      await Promise.all(calls);
      const rows = await store.query("SELECT note FROM item ORDER BY id");
      expect(rows.map((row) => row["note"])).toEqual(calls.map((_, i) => String(i)));
      await store.close();
    });

    test("a reference to a missing row is refused", async () => {
      const store = await openWithTable();
      const dangling = { sql: "INSERT INTO part (item) VALUES (?)", params: [7] };
      await expect(store.commit([dangling])).rejects.toMatchObject({ code: "STORE_CONSTRAINT" });
      await store.close();
    });

    test("a statement that is no SQL is refused and the store goes on", async () => {
      const store = await openWithTable();
      await expect(store.commit([{ sql: "DO WHAT I MEAN" }])).rejects.toMatchObject({
        code: "STORE_FAILED",
      });
      await expect(store.query("SELECT * FROM nowhere")).rejects.toMatchObject({
        code: "STORE_FAILED",
      });
      await store.commit([insert(1, "a")]);
      expect(await ids(store)).toEqual([1]);
      await store.close();
    });

    test("a closed store refuses and may be closed again", async () => {
      const store = await openWithTable();
      const last = store.commit([insert(1, "a")]);
      await store.close();
      await store.close();
      expect(await last).toEqual([1]);
      await expect(store.query("SELECT 1")).rejects.toMatchObject({ code: "STORE_CLOSED" });
      await expect(store.commit([insert(2, "b")])).rejects.toMatchObject({ code: "STORE_CLOSED" });
    });

    test.runIf(durable)("rows outlive the store that wrote them", async () => {
      const first = await openWithTable();
      await first.commit([insert(1, "a")]);
      await first.close();
      const second = await open();
      expect(await ids(second)).toEqual([1]);
      await second.close();
    });
  });
}
