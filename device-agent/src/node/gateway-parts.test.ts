import type { Store } from "@edgeloop/core/platform";
import { EdgeloopError, silentLog, virtualClock } from "@edgeloop/core/platform";
import { memoryBlobStore, memoryStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { parseGatewayConfig } from "../config.ts";
import { fullRetryIntervalMs } from "../limits.ts";
import { openParts } from "./gateway-parts.ts";

const config = parseGatewayConfig(
  `{format: 1, id: pump-1, fleet: plant, line: pumps, dataDirectory: data, broker: {embedded: {port: 0}}, http: {port: 0},
    sensors: [{kind: replay, sensor: s, rateHz: 10, channels: [{name: x, unit: m}], recording: r}]}`,
  "gateway.yaml",
);

async function setUp() {
  const inner = memoryStore();
  const fault = { code: "" };
  const store: Store = {
    ...inner,
    commit: (statements) =>
      fault.code === ""
        ? inner.commit(statements)
        : Promise.reject(new EdgeloopError(fault.code, "told to fail")),
  };
  const clock = virtualClock();
  const parts = await openParts(
    config,
    { store, blobs: memoryBlobStore() },
    { clock, log: silentLog },
  );
  const published: string[] = [];
  parts.late.broker = {
    url: "",
    publish: (_topic, payload) => {
      published.push(JSON.parse(new TextDecoder().decode(payload)).code);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
  return { clock, fault, parts, published };
}

test("a full disk is an event on the local topic although it cannot be written, and its end too", async () => {
  const { clock, fault, parts, published } = await setUp();
  fault.code = "STORE_FULL";
  expect(await parts.disk.commit([])).toBe("full");
  await parts.events.settled();
  expect(published).toEqual(["DISK_FULL"]);
  expect(await parts.meter.text()).toContain("edgeloop_disk_full 1\n");
  fault.code = "";
  await clock.advance(fullRetryIntervalMs);
  expect(await parts.disk.commit([])).toBe("stored");
  await parts.events.settled();
  expect(published).toEqual(["DISK_FULL", "DISK_FREED"]);
});

test("a store that is gone for good is known, so that the gateway is started again", async () => {
  const { fault, parts } = await setUp();
  fault.code = "STORE_FAILED";
  await expect(parts.disk.commit([])).rejects.toMatchObject({ code: "STORE_FAILED" });
  await expect(parts.failure).rejects.toMatchObject({ code: "STORE_FAILED" });
  expect(parts.failed()).toBe(true);
});
