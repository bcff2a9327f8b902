import { erf, map } from "./elementwise.ts";
import type { Call, Operator, Operators } from "./operator.ts";
import { input, number, string } from "./operator.ts";
import { zip } from "./value.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const clamp = (x: number): number => Math.min(Math.max(x, 0), 1);

/** A function of an element and of the node's float attributes, given with their defaults. */
const shaped =
  (
    defaults: Readonly<Record<string, number>>,
    apply: (x: number, parameters: Readonly<Record<string, number>>) => number,
  ): Operator =>
  (call: Call) => {
    const parameters = Object.fromEntries(
      Object.entries(defaults).map(([name, otherwise]) => [name, number(call, name, otherwise)]),
    );
    return map((x) => apply(x, parameters))(call);
  };

const gelu: Operator = (call) => {
  const root = Math.sqrt(2 / Math.PI);
  return string(call, "approximate", "none") === "tanh"
    ? map((x) => 0.5 * x * (1 + Math.tanh(root * (x + 0.044715 * x ** 3))))(call)
    : map((x) => 0.5 * x * (1 + erf(x / Math.SQRT2)))(call);
};

/** Activations by the formulas of the ONNX specification. */
export const activation: Operators = {
  Sigmoid: map(sigmoid),
  Tanh: map(Math.tanh),
  Relu: map((x) => Math.max(x, 0)),
  Softplus: map(softplus),
  Softsign: map((x) => x / (1 + Math.abs(x))),
  Mish: map((x) => x * Math.tanh(softplus(x))),
  Gelu: gelu,
  HardSwish: map((x) => x * clamp(x / 6 + 0.5)),
  HardSigmoid: shaped({ alpha: 0.2, beta: 0.5 }, (x, p) => clamp(p["alpha"]! * x + p["beta"]!)),
  LeakyRelu: shaped({ alpha: 0.01 }, (x, p) => (x < 0 ? p["alpha"]! * x : x)),
  ThresholdedRelu: shaped({ alpha: 1 }, (x, p) => (x > p["alpha"]! ? x : 0)),
  Elu: shaped({ alpha: 1 }, (x, p) => (x < 0 ? p["alpha"]! * Math.expm1(x) : x)),
  Selu: shaped({ alpha: 1.6732632423543772, gamma: 1.0507009873554805 }, (x, p) =>
    x > 0 ? p["gamma"]! * x : p["gamma"]! * p["alpha"]! * Math.expm1(x),
  ),
  Celu: shaped(
    { alpha: 1 },
    (x, p) => Math.max(x, 0) + Math.min(0, p["alpha"]! * Math.expm1(x / p["alpha"]!)),
  ),
  PRelu: (call) =>
    zip([input(call, 0), input(call, 1)], input(call, 0).dtype, (x, slope) =>
      x! < 0 ? slope! * x! : x!,
    ),
};
