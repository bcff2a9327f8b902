import { parseName } from "@edgeloop/core/platform";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { planOf, rulesOf } from "./campaign-plan.ts";
import { parsePlan } from "./plan.ts";
import { specOf } from "./policy-office.ts";
import { memorySettings, paperModels } from "./testing.ts";

test("plans of a campaign share range and limits; order and cohort are drawn anew", async () => {
  const campaign = parseName("c1");
  const trigger = { reason: "OPERATOR_REQUEST", startUs: 3, endUs: 9 };
  const spec = {
    ...specOf(memorySettings, trigger),
    campaign,
    bar: { macroF1Min: 0.9 },
    rounds: 2,
  };
  const blueprint = await paperModels(memoryBlobStore()).blueprint(spec.line);
  const [first, second] = [1, 2].map((number) =>
    planOf(spec, blueprint, {
      fleet: memorySettings.fleet,
      round: parseName(`c1-r${number}`),
      number,
      attempt: 1,
      base: blueprint.base,
    }),
  );
  expect(parsePlan(JSON.parse(JSON.stringify(first)))).toEqual(first);
  expect(second?.data).toEqual(first?.data);
  expect(second?.training.seed).not.toBe(first?.training.seed);
  const [early, late] = [1, 2].map((number) => rulesOf(spec, blueprint, { number }));
  expect([early?.bar, late?.bar]).toEqual([{}, { macroF1Min: 0.9 }]);
  expect([early?.classes, early?.seed === late?.seed]).toEqual([2, false]);
});
