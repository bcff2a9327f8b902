import { silentLog, utf8, virtualClock } from "@edgeloop/core/platform";
import { memoryStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { guardDisk } from "./disk-guard.ts";
import { gatewayTables } from "./learning-schema.ts";
import { quarantineBatchMax, quarantinePayloadBytesMax } from "./limits.ts";
import { memoryMeter } from "./meter.ts";
import { openQuarantine } from "./quarantine.ts";

async function setUp(bytesMax: number) {
  const store = memoryStore();
  await store.commit(gatewayTables);
  const meter = memoryMeter();
  const disk = guardDisk(store, { clock: virtualClock(), onChange: () => undefined });
  const quarantine = openQuarantine({ store, disk, bytesMax, meter, log: silentLog });
  const kept = async () =>
    (await store.query("SELECT at_us FROM quarantine ORDER BY id")).map((row) => row["at_us"]);
  return { store, meter, quarantine, kept };
}

const refusal = (atUs: number, payload = utf8("x")) => ({
  code: "NUMBER_INVALID",
  message: "expected a number",
  atUs,
  payload,
});

test("refused payloads are kept and counted by sensor and code", async () => {
  const { kept, meter, quarantine } = await setUp(1_000_000);
  quarantine.add("vibration", refusal(1));
  quarantine.add("vibration", refusal(2));
  await quarantine.settled();
  expect(await kept()).toEqual([1, 2]);
  expect(meter.read("refused", ["vibration", "NUMBER_INVALID"])).toBe(2);
});

test("beyond the bound the oldest go, and are counted", async () => {
  const { kept, meter, quarantine } = await setUp(3 * (256 + 1));
  for (let atUs = 1; atUs <= 5; atUs += 1) {
    quarantine.add("s", refusal(atUs));
    await quarantine.settled();
  }
  expect(await kept()).toEqual([3, 4, 5]);
  expect(meter.read("quarantineDropped")).toBe(2);
});

test("a flood fills the queue and no more; every payload is counted", async () => {
  const { kept, meter, quarantine } = await setUp(1_000_000);
  const flood = quarantineBatchMax + 100;
  for (let atUs = 0; atUs < flood; atUs += 1) quarantine.add("s", refusal(atUs));
  await quarantine.settled();
  expect((await kept()).length).toBe(quarantineBatchMax);
  expect(meter.read("refused")).toBe(flood);
  expect(meter.read("quarantineDropped")).toBe(100);
});

test("of a large payload the beginning is kept", async () => {
  const { store, quarantine } = await setUp(1_000_000);
  quarantine.add("s", refusal(1, new Uint8Array(10 * quarantinePayloadBytesMax)));
  await quarantine.settled();
  const [row] = await store.query("SELECT LENGTH(payload) AS n FROM quarantine");
  expect(row?.["n"]).toBe(quarantinePayloadBytesMax);
});
