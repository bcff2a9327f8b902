import { expect, test } from "vitest";
import { openSqlite } from "./sqlite-engine.ts";

const memory = () => openSqlite({ path: ":memory:" });
const insert = (id: number) => ({ sql: "INSERT INTO item VALUES (?)", params: [id] });

test("a call that fails undoes itself alone, in the middle of a shared transaction", () => {
  const engine = memory();
  engine.commitAll([[{ sql: "CREATE TABLE item (id INTEGER PRIMARY KEY)" }]]);
  const outcomes = engine.commitAll([[insert(1)], [insert(2), insert(1)], [insert(3)]]);
  expect(outcomes).toMatchObject([
    { kind: "committed", changes: [1] },
    { kind: "failed", error: { code: "STORE_CONSTRAINT" } },
    { kind: "committed", changes: [1] },
  ]);
  expect(engine.query("SELECT id FROM item", [])).toEqual([{ id: 1 }, { id: 3 }]);
  engine.close();
});

test("a constraint that speaks at the commit fails the call that broke it, not its neighbours", () => {
  const engine = memory();
  engine.commitAll([
    [
      { sql: "CREATE TABLE item (id INTEGER PRIMARY KEY)" },
      {
        sql: "CREATE TABLE part (item INTEGER REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED)",
      },
    ],
  ]);
  const dangling = { sql: "INSERT INTO part VALUES (9)" };
  expect(engine.commitAll([[insert(1)], [dangling], [insert(2)]])).toMatchObject([
    { kind: "committed" },
    { kind: "failed", error: { code: "STORE_CONSTRAINT" } },
    { kind: "committed" },
  ]);
  expect(engine.query("SELECT count(*) AS n FROM item", [])).toEqual([{ n: 2 }]);
  engine.close();
});

test("more statements than are kept compiled still run", () => {
  const engine = memory();
  for (let i = 0; i < 600; i += 1) {
    expect(engine.query(`SELECT ${i} AS n`, [])).toEqual([{ n: i }]);
  }
  expect(engine.query("SELECT 0 AS n", [])).toEqual([{ n: 0 }]);
  engine.close();
});

test("nothing to commit is committed", () => {
  const engine = memory();
  expect(engine.commitAll([[]])).toEqual([{ kind: "committed", changes: [] }]);
  engine.close();
});
