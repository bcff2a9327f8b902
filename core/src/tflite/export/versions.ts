/** Operators whose int8 form is their second version; of others the first is enough, or a rule gives it. */
const second: ReadonlySet<string> = new Set([
  ...["ADD", "SUB", "MUL", "AVERAGE_POOL_2D", "MAX_POOL_2D", "SOFTMAX", "LOGISTIC", "TANH", "RELU"],
  ...[
    "RELU6",
    "LEAKY_RELU",
    "PAD",
    "PADV2",
    "CONCATENATION",
    "SPLIT_V",
    "STRIDED_SLICE",
    "TRANSPOSE",
  ],
  ...[
    "GATHER",
    "MEAN",
    "REDUCE_MAX",
    "REDUCE_MIN",
    "MAXIMUM",
    "MINIMUM",
    "BATCH_MATMUL",
    "DEQUANTIZE",
  ],
  ...["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "MIRROR_PAD"],
]);

/** Versions of convolutions and products with int8 weights, those a channel included. */
const weighted: Readonly<Record<string, number>> = {
  CONV_2D: 3,
  DEPTHWISE_CONV_2D: 3,
  FULLY_CONNECTED: 4,
};

/**
 * The oldest version of an operator that has what a model needs: older runtimes refuse younger versions.
 *
 * @see https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/tools/versioning/op_version.cc
 */
export function versionOf(op: string, isInt8: boolean): number {
  // The first of these two brought a bias with its third version, the second exists from its second on.
  if (op === "TRANSPOSE_CONV") return 3;
  if (op === "BROADCAST_TO") return 2;
  if (!isInt8) return 1;
  return weighted[op] ?? (second.has(op) ? 2 : 1);
}
