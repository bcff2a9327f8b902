import fc from "fast-check";
import { expect, test } from "vitest";
import { excludeWithin } from "./budget.ts";

const layers = Array.from({ length: 20 }, (_, i) => `layer ${i}`);

test("as few layers as are necessary stay in float, the worst first", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 20 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (necessary, budget) => {
        const loss = async (exclude: readonly string[]): Promise<number> =>
          exclude.length >= necessary ? budget : budget + 1;
        const found = await excludeWithin(layers, budget, loss);
        expect(found.exclude).toEqual(layers.slice(0, necessary));
        expect(found.loss).toBeLessThanOrEqual(budget);
        // Doubling and halving: twice the logarithm of 20.
        expect(found.measured).toBeLessThanOrEqual(11);
      },
    ),
  );
});

test("a budget that rounding everything meets costs one measurement", async () => {
  expect(await excludeWithin(layers, 0.01, async () => 0.005)).toEqual({
    ...{ exclude: [], loss: 0.005, lossOfAll: 0.005, measured: 1 },
  });
});

test("a budget that cannot be met or makes no sense is refused", async () => {
  await expect(excludeWithin(["a"], 0.1, async () => 0.2)).rejects.toMatchObject({
    code: "BUDGET_MISSED",
    message: "with every layer in float the loss is 0.2, the budget 0.1: allow more",
  });
  for (const budget of [-1, Number.NaN]) {
    await expect(excludeWithin([], budget, async () => 0)).rejects.toMatchObject({
      code: "BUDGET_INVALID",
      message: `a budget must be at least 0, not ${budget}`,
    });
  }
});
