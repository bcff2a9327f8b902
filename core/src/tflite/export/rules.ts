import { convolutionRules } from "./rules/convolution.ts";
import { elementwiseRules } from "./rules/elementwise.ts";
import { matrixRules } from "./rules/matrix.ts";
import { normalizationRules } from "./rules/normalization.ts";
import { poolingRules } from "./rules/pooling.ts";
import { reductionRules } from "./rules/reduction.ts";
import { resizeRules } from "./rules/resize.ts";
import { shapingRules } from "./rules/shaping.ts";
import type { Rules } from "./site.ts";

/** How nodes are written, by ONNX operator; what has no rule is refused by name. */
export const rules: Rules = {
  ...convolutionRules,
  ...elementwiseRules,
  ...matrixRules,
  ...normalizationRules,
  ...poolingRules,
  ...reductionRules,
  ...resizeRules,
  ...shapingRules,
};
