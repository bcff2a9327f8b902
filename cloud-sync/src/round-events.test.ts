import { expect, test } from "vitest";
import { parseRoundEvent, parseRoundRules, rulesSchemas } from "./round-events.ts";

const rules = {
  cohortMin: 2,
  cohortMax: 4,
  seed: 1,
  selectingMs: 1,
  trainingMs: 1,
  calibratingMs: 1,
  evaluatingMs: 1,
  classes: 2,
  bar: { macroF1Min: 0.9 },
};

test("rules survive the ledger; bars are fractions", () => {
  expect(parseRoundRules(JSON.parse(JSON.stringify(rules)))).toEqual(rules);
  expect(() => parseRoundRules({ ...rules, cohortMin: 0 })).toThrow();
  expect(rulesSchemas.bar.safeParse({ macroF1Min: 1.5 }).success).toBe(false);
});

test("an event of an unknown kind is refused: the journal is of another version", () => {
  expect(() => parseRoundEvent({ kind: "paused", atUs: 0 })).toThrow(
    expect.objectContaining({ code: "MESSAGE_INVALID" }),
  );
});
