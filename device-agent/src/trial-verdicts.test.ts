import { parseSha256 } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { trialVerdicts } from "./trial-verdicts.ts";

const [a, b] = [parseSha256("a".repeat(64)), parseSha256("b".repeat(64))];

test("everybody who waits for a trial hears its verdict, and only that one's", async () => {
  const verdicts = trialVerdicts();
  const waiting = [verdicts.wait(a), verdicts.wait(b), verdicts.wait(a)];
  verdicts.decide(a, true);
  verdicts.decide(b, false);
  expect(await Promise.all(waiting)).toEqual([true, false, true]);
});

test("a verdict that nobody waited for does not answer the next trial of that model", async () => {
  const verdicts = trialVerdicts();
  verdicts.decide(a, true);
  const next = verdicts.wait(a);
  verdicts.decide(a, false);
  expect(await next).toBe(false);
});
