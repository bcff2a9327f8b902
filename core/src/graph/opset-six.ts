import { intOf } from "./attributes.ts";
import type { Rewrite } from "./opset-rewrite.ts";
import { refused, without } from "./opset-rewrite.ts";

const convert: Rewrite["apply"] = (node) => {
  throw refused(node, "has another form below opset 7; convert the model");
};

/** Broadcasting was asked for; without `axis` it aligned the last axes, as numpy does. */
const aligned: Rewrite["apply"] = (node) => {
  if (node.attributes["axis"] !== undefined && intOf(node, "broadcast", 0) !== 0) {
    throw refused(node, "broadcasts along an axis, a form of opset 6; convert the model");
  }
  return [without(node, "axis", "broadcast")];
};

/** Training was told by an attribute, and was the default. */
const inference: Rewrite["apply"] = (node) => {
  if (intOf(node, "is_test", 0) === 0) {
    throw refused(node, "is in training mode, which opset 6 did by default; convert the model");
  }
  return [without(node, "is_test", "spatial")];
};

const row = (apply: Rewrite["apply"]): readonly Rewrite[] => [{ below: 7, apply }];

const broadcasting = ["Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Greater"];

/** What opset 7 changed. */
export const opsetSix: Readonly<Record<string, readonly Rewrite[]>> = {
  ...Object.fromEntries([...broadcasting, "Less", "Gemm"].map((op) => [op, row(aligned)])),
  BatchNormalization: row(inference),
  Dropout: row(inference),
  ...Object.fromEntries(
    ["PRelu", "Upsample", "RNN", "GRU", "LSTM"].map((op) => [op, row(convert)]),
  ),
};
