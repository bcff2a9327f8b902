import { parseName } from "@edgeloop/core/platform";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { planOf, rateShare, rulesOf } from "./campaign-plan.ts";
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

test("the learning rate falls along half a cosine to its floor, and stays where no floor is given", () => {
  const spec = { rounds: 3, learningRateFloor: 0.1 };
  // Halfway of half a cosine is the middle between 1 and 0.1.
  const shares = [1, 2, 3].map((number) => rateShare(number, spec));
  expect(shares).toEqual([1, expect.closeTo(0.55, 12), expect.closeTo(0.1, 12)]);
  expect([1, 2, 3].map((number) => rateShare(number, { rounds: 3 }))).toEqual([1, 1, 1]);
  expect(rateShare(1, { rounds: 1, learningRateFloor: 0.1 })).toBe(1);
});

test("momentum and augmentation stand in the plan, momentum from the second round on", async () => {
  const augment = { rotateDegrees: 30, scale: 0.1, jitter: 0.01, flip: true };
  const { training } = memorySettings.campaign;
  const spec = {
    ...specOf(memorySettings, { reason: "OPERATOR_REQUEST", startUs: 3, endUs: 9 }),
    campaign: parseName("c1"),
    training: { ...training, augment },
    serverMomentum: 0.7,
    learningRateFloor: 0.5,
    rounds: 2,
  };
  const blueprint = await paperModels(memoryBlobStore()).blueprint(spec.line);
  const place = { fleet: memorySettings.fleet, round: parseName("c1-r1"), attempt: 1 };
  const { base } = blueprint;
  const first = planOf(spec, blueprint, { ...place, number: 1, base });
  const second = planOf(spec, blueprint, { ...place, number: 2, base, previous: base });
  expect(parsePlan(JSON.parse(JSON.stringify(second)))).toEqual(second);
  expect([first.momentum, second.momentum]).toEqual([undefined, { factor: 0.7, previous: base }]);
  expect(second.training).toMatchObject({ augment, learningRate: training.learningRate * 0.5 });
  const plain = planOf({ ...spec, serverMomentum: 0 }, blueprint, {
    ...place,
    number: 2,
    base,
    previous: base,
  });
  expect(plain.momentum).toBeUndefined();
});
