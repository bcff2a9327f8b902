import { openWorkerLink } from "@edgeloop/core/platform/node";
import { expect, test } from "vitest";
import type { DriftHost } from "../drift-host.ts";

test("the thread answers, and says when it is gone", async () => {
  const link = openWorkerLink<DriftHost>({
    entry: new URL("./drift-worker.ts", import.meta.url).href,
    diedCode: "DRIFT_DIED",
  });
  const window = { sensor: "s", channels: ["x"], data: new Float32Array(32), model: "a" };
  expect(await link.call((host) => host.observe(window))).toEqual({});
  await link.terminate();
  await expect(link.call((host) => host.observe(window))).rejects.toMatchObject({
    code: "DRIFT_DIED",
  });
});
