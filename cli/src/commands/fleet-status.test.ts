import { expect, test } from "vitest";
import { testContext, testCoordinator } from "../testing.ts";
import { run } from "./fleet-status.ts";

test("the fleet shows who came, and what happens in it", async () => {
  const { file, device } = await testCoordinator();
  await device("pump-1");
  const context = testContext();
  expect(await run(context, [], { coordinator: file })).toMatchObject({
    devices: [{ device: "pump-1", online: false }],
    rounds: [],
  });
  expect(context.said).toEqual(
    expect.arrayContaining(["1 devices", "  pump-1  offline  no data yet", "0 rounds"]),
  );
});
