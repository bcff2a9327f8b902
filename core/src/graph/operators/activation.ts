import { broadcast } from "../dims.ts";
import type { Operator, OperatorRows } from "../operator.ts";
import {
  axisAttribute,
  dtypeSets,
  inputOf,
  known,
  needDType,
  needSameDType,
  openDim,
} from "../operator.ts";
import { nodeInvalid } from "../structure.ts";
import { floats, kinds, unary } from "./elementwise.ts";

const { float, numeric } = dtypeSets;

/** The slope broadcasts to the input, never the other way round. */
const prelu: Operator = {
  inputs: [2, 2],
  outputs: [1, 1],
  attributes: {},
  infer(site) {
    needSameDType(site, [0, 1]);
    const [{ shape }, slope] = [inputOf(site, 0), inputOf(site, 1).shape];
    const joined = shape && slope && broadcast(shape, slope, openDim(site));
    if (shape && slope && (joined === undefined || joined.length > shape.length)) {
      throw nodeInvalid(site.node, `slope [${slope}] does not broadcast to [${shape}]`);
    }
    return [known(needDType(site, 0, numeric), shape)];
  },
};

const softmax: Operator = {
  inputs: [1, 1],
  outputs: [1, 1],
  attributes: kinds("int", "axis"),
  infer(site) {
    const { shape } = inputOf(site, 0);
    if (shape !== undefined && shape.length > 0) axisAttribute(site, shape.length, -1);
    return [known(needDType(site, 0, float), shape)];
  },
};

/** Functions that networks put behind a layer. */
export const activation: OperatorRows = {
  Relu: unary(numeric),
  ...Object.fromEntries(
    ["Sigmoid", "Tanh", "Softplus", "Softsign", "HardSwish", "Mish"].map((name) => [
      name,
      floats(),
    ]),
  ),
  LeakyRelu: floats("alpha"),
  PRelu: prelu,
  ThresholdedRelu: floats("alpha"),
  Elu: floats("alpha"),
  Selu: floats("alpha", "gamma"),
  Celu: floats("alpha"),
  HardSigmoid: floats("alpha", "beta"),
  Gelu: unary(float, { attributes: kinds("string", "approximate") }),
  Softmax: softmax,
  LogSoftmax: softmax,
};
