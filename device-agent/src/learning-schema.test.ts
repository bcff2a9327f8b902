import { memoryStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { gatewayTables } from "./learning-schema.ts";

test("opening the tables again changes nothing", async () => {
  const store = memoryStore();
  await store.commit(gatewayTables);
  await store.commit([{ sql: "INSERT INTO watermark VALUES ('s', 7)" }]);
  await store.commit(gatewayTables);
  expect(await store.query("SELECT * FROM watermark")).toEqual([
    { sensor: "s", complete_until_us: 7 },
  ]);
});
