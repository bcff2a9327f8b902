import { float, text } from "../../core/src/graph/builder.ts";
import type { Maker } from "./case.ts";
import { caseOf, narrower, unary } from "./case.ts";

const prelu: Maker = (draw) => {
  const shape = draw.shape(draw.int(1, 4));
  const slope = draw.tensor(narrower(draw, shape));
  return caseOf("PRelu", { x: draw.tensor(shape), slope }, { symbolic: draw.of([], ["x"]) });
};

const bent = (op: string, alpha: number): Maker => unary(op, false, { alpha: float(alpha) });

/** Random cases of activations. */
export const activationCases: Readonly<Record<string, Maker>> = {
  Sigmoid: unary("Sigmoid"),
  Tanh: unary("Tanh"),
  Relu: unary("Relu"),
  Softplus: unary("Softplus"),
  Softsign: unary("Softsign"),
  Mish: unary("Mish"),
  Gelu: unary("Gelu"),
  "Gelu tanh": unary("Gelu", false, { approximate: text("tanh") }),
  HardSwish: unary("HardSwish"),
  HardSigmoid: unary("HardSigmoid"),
  "HardSigmoid steep": unary("HardSigmoid", false, { alpha: float(0.3), beta: float(0.6) }),
  LeakyRelu: bent("LeakyRelu", 0.1),
  ThresholdedRelu: bent("ThresholdedRelu", 0.7),
  Elu: unary("Elu"),
  "Elu 0.5": bent("Elu", 0.5),
  Selu: unary("Selu"),
  "Selu 1.5": unary("Selu", false, { alpha: float(1.5), gamma: float(1.2) }),
  Celu: bent("Celu", 1.7),
  PRelu: prelu,
};
