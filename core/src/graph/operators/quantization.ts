import { intOf } from "../attributes.ts";
import { dtypeOfOnnx } from "../dtypes.ts";
import type { Operator, OperatorRows, Site } from "../operator.ts";
import { axisAttribute, inputOf, known, needDType, needEqual, needSameDType } from "../operator.ts";
import { nodeInvalid } from "../structure.ts";
import type { DType } from "../tensor.ts";

const scaleTypes: readonly DType[] = ["float32", "float16"];
const narrow: readonly DType[] = ["int8", "uint8", "int16", "uint16", "int4", "uint4"];

/** One scale for the tensor, or one for each position of an axis; blocks are not checked further. */
function checkScale(site: Site): void {
  const scale = inputOf(site, 1).shape;
  const data = inputOf(site, 0).shape;
  if (scale === undefined || data === undefined) return;
  if (intOf(site.node, "block_size", 0) > 0 || scale.length === 0) return;
  if (scale.length !== 1) throw nodeInvalid(site.node, "scales are a scalar or a list");
  if (scale[0] === 1) return;
  const axis = axisAttribute(site, data.length, 1);
  needEqual(site, "scales and the quantized axis", scale[0], data[axis]);
}

const quantize: Operator = {
  inputs: [2, 3],
  outputs: [1, 1],
  attributes: { axis: "int", block_size: "int", output_dtype: "int", saturate: "int" },
  infer(site) {
    needDType(site, 0, ["float32", "float16", "int32"]);
    needDType(site, 1, [...scaleTypes, "int32"]);
    checkScale(site);
    const zeroPoint = site.inputs[2]?.dtype;
    const named = dtypeOfOnnx(intOf(site.node, "output_dtype", 0));
    const dtype = zeroPoint ?? named ?? "uint8";
    if (!narrow.includes(dtype)) throw nodeInvalid(site.node, `cannot quantize to ${dtype}`);
    if (zeroPoint !== undefined && named !== undefined && named !== zeroPoint) {
      throw nodeInvalid(site.node, `zero point is ${zeroPoint}, output_dtype ${named}`);
    }
    return [known(dtype, inputOf(site, 0).shape)];
  },
};

const dequantize: Operator = {
  inputs: [2, 3],
  outputs: [1, 1],
  attributes: { axis: "int", block_size: "int" },
  infer(site) {
    needDType(site, 0, [...narrow, "int32"]);
    needSameDType(site, [0, 2]);
    checkScale(site);
    return [known(needDType(site, 1, scaleTypes), inputOf(site, 0).shape)];
  },
};

/** Operators between real numbers and integers with a scale. */
export const quantization: OperatorRows = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
};
