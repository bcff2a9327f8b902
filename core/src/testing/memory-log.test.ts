import { expect, test } from "vitest";
import { memoryLog } from "./memory-log.ts";

test("lines are remembered in order with level and fields", () => {
  const log = memoryLog();
  log.info("opened", { path: "x" });
  log.error("broke");
  expect(log.lines).toEqual([
    { level: "info", event: "opened", fields: { path: "x" } },
    { level: "error", event: "broke", fields: {} },
  ]);
});
