import { expect, test } from "vitest";
import { noCoordinator } from "./coordinator-link.ts";

test("a gateway without a coordinator reports to nobody and waits for nobody", async () => {
  await noCoordinator.run(new AbortController().signal);
  await noCoordinator.report({ code: "DRIFT_DETECTED", sensorUs: 1 });
  expect(noCoordinator.state()).toBe("none");
});
