import { activationCases } from "./activation-cases.ts";
import type { Maker } from "./case.ts";
import { elementwiseCases } from "./elementwise-cases.ts";
import { linearCases } from "./linear-cases.ts";
import { normalizationCases } from "./normalization-cases.ts";
import { recurrenceCases } from "./recurrence-cases.ts";
import { reductionCases } from "./reduction-cases.ts";
import { resamplingCases } from "./resampling-cases.ts";
import { scanningCases } from "./scanning-cases.ts";
import { shapingCases } from "./shaping-cases.ts";
import { windowCases } from "./window-cases.ts";

/** Random cases of every operator that has a gradient, by a name that starts with the operator's. */
export const cases: Readonly<Record<string, Maker>> = {
  ...activationCases,
  ...elementwiseCases,
  ...linearCases,
  ...normalizationCases,
  ...recurrenceCases,
  ...reductionCases,
  ...resamplingCases,
  ...scanningCases,
  ...shapingCases,
  ...windowCases,
};
