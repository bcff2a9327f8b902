import { expect, test } from "vitest";
import { testContext, testCoordinator } from "../testing.ts";
import { run } from "./fleet-enrol.ts";

test("a token is made by the coordinator, and only it is printed", async () => {
  const { file } = await testCoordinator();
  const context = testContext();
  const made = await run(context, [], { coordinator: file, lifetime: "60" });
  expect(made).toMatchObject({ lifetimeS: 60, token: expect.stringMatching(/^edgeloop1\./) });
  expect(context.said).toEqual([made?.["token"]]);
});

test("a token that waits longer than a week is wrong usage", async () => {
  const { file } = await testCoordinator();
  await expect(
    run(testContext(), [], { coordinator: file, lifetime: "604801" }),
  ).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining("--lifetime") });
});
