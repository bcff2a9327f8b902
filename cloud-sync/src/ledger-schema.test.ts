import { memoryStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { ledgerSchema } from "./ledger-schema.ts";

test("the tables are made once and found again, and hold times beyond 2^31", async () => {
  const store = memoryStore();
  await store.commit(ledgerSchema);
  await store.commit(ledgerSchema);
  const atUs = 1_900_000_000_000_000;
  await store.commit([
    {
      sql: "INSERT INTO device (device, public_key, enrolled_us) VALUES (?, ?, ?)",
      params: ["a", Uint8Array.of(1), atUs],
    },
  ]);
  const [row] = await store.query("SELECT enrolled_us FROM device");
  expect(Number(row?.["enrolled_us"])).toBe(atUs);
});

test("the statements are of the SQL that SQLite and PostgreSQL share", () => {
  for (const { sql } of ledgerSchema) {
    expect(sql).not.toMatch(/AUTOINCREMENT|WITHOUT ROWID|PRAGMA|INSERT OR|DATETIME/i);
  }
});
