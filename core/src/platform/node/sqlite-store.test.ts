import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { storeContract } from "../../testing/store-contract.ts";
import type { Store } from "../store.ts";
import { openSqliteStore } from "./sqlite-store.ts";

let directory: string | undefined;
const file = async (): Promise<string> => {
  directory ??= await mkdtemp(join(tmpdir(), "edgeloop-store-"));
  return join(directory, "store.sqlite");
};
const reset = async (): Promise<void> => {
  if (directory) await rm(directory, { recursive: true });
  directory = undefined;
};

storeContract("the SQLite store", {
  open: async () => await openSqliteStore(await file()),
  reset,
  durable: true,
});

afterEach(reset);

const openWithTable = async (bytesMax?: number): Promise<Store> => {
  const store = await openSqliteStore(await file(), bytesMax === undefined ? {} : { bytesMax });
  await store.commit([{ sql: "CREATE TABLE item (id INTEGER PRIMARY KEY, content BLOB)" }]);
  return store;
};
const insert = (id: number, bytes: number) => ({
  sql: "INSERT INTO item VALUES (?, ?)",
  params: [id, new Uint8Array(bytes)],
});

test("commits are on disk at once: write-ahead log, full synchronisation", async () => {
  const store = await openWithTable();
  expect(await store.query("PRAGMA journal_mode")).toEqual([{ journal_mode: "wal" }]);
  expect(await store.query("PRAGMA synchronous")).toEqual([{ synchronous: 2 }]);
  expect(await store.query("PRAGMA foreign_keys")).toEqual([{ foreign_keys: 1 }]);
  await store.close();
});

test("a full store refuses what does not fit, keeps what it has and goes on", async () => {
  const store = await openWithTable(64 * 1024);
  const outcomes = await Promise.allSettled([
    store.commit([insert(1, 1000)]),
    store.commit([insert(2, 1_000_000)]),
    store.commit([insert(3, 1000)]),
  ]);
  expect(outcomes).toMatchObject([
    { status: "fulfilled" },
    { status: "rejected", reason: { code: "STORE_FULL" } },
    { status: "fulfilled" },
  ]);
  expect(await store.query("SELECT id FROM item")).toEqual([{ id: 1 }, { id: 3 }]);
  await store.commit([{ sql: "DELETE FROM item" }]);
  await store.commit([insert(4, 1000)]);
  await store.close();
});

test("commits made at once share a sync", async () => {
  const store = await openWithTable();
  const calls = Array.from({ length: 200 }, (_, i) => store.commit([insert(i, 10)]));
  await Promise.all(calls);
  // Every transaction that changes something ends with one commit frame in the log; its count is in the header that
  // `wal_checkpoint` reports as pages: 200 lone commits would write at least one page each.
  const [log] = await store.query("PRAGMA wal_checkpoint(PASSIVE)");
  expect(Number(log?.["log"])).toBeLessThan(50);
  await store.close();
});

test("a file that is no database is refused with a code", async () => {
  await writeFile(
    await file(),
    "not a database, but long enough to be looked at as one".repeat(20),
  );
  await expect(openSqliteStore(await file())).rejects.toMatchObject({ code: "STORE_FAILED" });
});
