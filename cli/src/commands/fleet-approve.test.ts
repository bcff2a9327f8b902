import { expect, test } from "vitest";
import { openOperator } from "../operator.ts";
import { testContext, testCoordinator } from "../testing.ts";
import { run } from "./fleet-approve.ts";
import { run as status } from "./fleet-status.ts";

const range = { startUs: 0, endUs: 60_000_000 };

/** A coordinator at which one campaign waits. */
async function waiting() {
  const { file } = await testCoordinator("loop: { approve: operator, rounds: 2 }\n");
  await (await openOperator(file)).post("campaigns", range);
  return { coordinator: file };
}

test("what waits is listed with why and over which data, and goes on once it is approved", async () => {
  const options = await waiting();
  const context = testContext();
  expect(await run(context, [], options)).toMatchObject({
    waiting: [{ name: "c1", kind: "proposed" }],
  });
  expect(context.said).toEqual([
    "1 campaigns wait for approval",
    "  c1  OPERATOR_REQUEST  1970-01-01T00:00:00.000Z to 1970-01-01T00:01:00.000Z  2 rounds",
  ]);
  expect(await run(context, ["c1"], options)).toEqual({ format: 1, approved: "c1" });
  const after = await status(testContext(), [], options);
  expect(after?.["campaigns"]).not.toMatchObject([{ kind: "proposed" }]);
  expect(await run(context, [], options)).toMatchObject({ waiting: [] });
});

test("the fleet's status says what to type", async () => {
  const context = testContext();
  await status(context, [], await waiting());
  expect(context.said).toContain("  c1  proposed  waits for: edgeloop fleet approve c1");
});

test.for([
  ["c9", "CAMPAIGN_UNKNOWN"],
  ["../tokens", "NAME_INVALID"],
] as const)("%s cannot be approved: %s", async ([name, code]) => {
  await expect(run(testContext(), [name], await waiting())).rejects.toMatchObject({ code });
});

test("a campaign is approved once", async () => {
  const options = await waiting();
  await run(testContext(), ["c1"], options);
  await expect(run(testContext(), ["c1"], options)).rejects.toMatchObject({
    code: "CAMPAIGN_NOT_WAITING",
    message: expect.stringContaining("c1"),
  });
});
