import { float, int, text } from "../../graph/builder.ts";
import { dtypes } from "../../graph/dtypes.ts";
import { binary, unary } from "./operand.ts";
import type { ImportRow, ImportRows } from "./row.ts";

const clip =
  (low: number, high: number): ImportRow =>
  (site) => {
    const form = site.follow([0]);
    const inputs = [site.read(0, form), site.float(low), site.float(high)];
    site.give(0, site.add("Clip", inputs), form);
  };

/** Softmax with a slope of other than 1 before it. */
const softmax: ImportRow = (site) => {
  const beta = site.number("beta");
  const x = site.read(0);
  site.give(0, site.add("Softmax", [beta === 1 ? x : site.add("Mul", [x, site.float(beta)])]));
};

/** Operators that compute each element for itself, wherever it lies; and Softmax. */
export const elementwise: ImportRows = {
  ADD: binary("Add"),
  SUB: binary("Sub"),
  MUL: binary("Mul"),
  DIV: binary("Div"),
  PRELU: binary("PRelu"),
  LOGISTIC: unary("Sigmoid"),
  TANH: unary("Tanh"),
  RELU: unary("Relu"),
  RELU6: clip(0, 6),
  RELU_N1_TO_1: clip(-1, 1),
  ELU: unary("Elu"),
  ABS: unary("Abs"),
  NEG: unary("Neg"),
  SQRT: unary("Sqrt"),
  EXP: unary("Exp"),
  LOG: unary("Log"),
  SIN: unary("Sin"),
  COS: unary("Cos"),
  FLOOR: unary("Floor"),
  CEIL: unary("Ceil"),
  ROUND: unary("Round"),
  RSQRT(site) {
    const form = site.follow([0]);
    site.give(0, site.add("Reciprocal", [site.add("Sqrt", [site.read(0, form)])]), form);
  },
  SQUARE(site) {
    const form = site.follow([0]);
    const x = site.read(0, form);
    site.give(0, site.add("Mul", [x, x]), form);
  },
  SQUARED_DIFFERENCE(site) {
    const form = site.follow([0, 1]);
    const difference = site.add("Sub", [site.read(0, form), site.read(1, form)]);
    site.give(0, site.add("Mul", [difference, difference]), form);
  },
  GELU(site) {
    const form = site.follow([0]);
    const approximate = text(site.flag("approximate") ? "tanh" : "none");
    site.give(0, site.add("Gelu", [site.read(0, form)], { approximate }), form);
  },
  POW: binary("Pow"),
  MAXIMUM: binary("Max"),
  MINIMUM: binary("Min"),
  HARD_SWISH: unary("HardSwish"),
  LEAKY_RELU(site) {
    const form = site.follow([0]);
    const attributes = { alpha: float(site.number("alpha")) };
    site.give(0, site.add("LeakyRelu", [site.read(0, form)], attributes), form);
  },
  SOFTMAX: softmax,
  LOG_SOFTMAX(site) {
    site.give(0, site.add("LogSoftmax", [site.read(0)]));
  },
  // Rounding to the output's integers, and real numbers from the input's, happen where values are given and read.
  QUANTIZE(site) {
    const form = site.follow([0]);
    site.give(0, site.read(0, form), form);
  },
  DEQUANTIZE(site) {
    const form = site.follow([0]);
    const x = site.read(0, form);
    const isHalf = site.tensor(0).type === "float16";
    site.give(0, isHalf ? site.add("Cast", [x], { to: int(dtypes.float32.onnx) }) : x, form);
  },
};
