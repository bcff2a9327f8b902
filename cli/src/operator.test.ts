import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort } from "./demo/fleet/free-port.ts";
import { openOperator } from "./operator.ts";
import { temporary, testCoordinator } from "./testing.ts";

test("the coordinator's refusals keep their code", async () => {
  const { file } = await testCoordinator();
  const operator = await openOperator(file);
  await expect(operator.post("tokens", { lifetimeS: 0 })).rejects.toMatchObject({
    code: "MESSAGE_INVALID",
  });
});

test("a coordinator that does not run is said to be that", async () => {
  const { config } = await testCoordinator();
  const file = join(temporary(), "coordinator.yaml");
  const admin = { ...config.admin, port: await freePort() };
  writeFileSync(file, JSON.stringify({ ...config, admin }));
  await expect((await openOperator(file)).get("status")).rejects.toMatchObject({
    code: "COORDINATOR_UNREACHABLE",
    message: expect.stringContaining("edgeloop coordinator run"),
  });
});
