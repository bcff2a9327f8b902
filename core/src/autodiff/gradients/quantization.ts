import { intOf } from "../../graph/attributes.ts";
import type { DType } from "../../graph/tensor.ts";
import { castTo } from "../emitter.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { axisOf, keepWhere } from "../shapes.ts";

const limits: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
};

/** Lays a parameter of one number a slice along the node's axis. */
function along(c: RuleContext, parameter: string): string {
  if (intOf(c.node, "block_size", 0) !== 0) c.refuse("scales of blocks are not supported");
  if (c.dims(parameter).length === 0) return parameter;
  const rank = c.dims(c.x(0)).length;
  const axis = axisOf(intOf(c.node, "axis", 1), rank);
  const sizes = c.dims(c.x(0)).map((_, i) => (i === axis ? -1 : 1));
  return c.op("Reshape", [parameter, c.ints(sizes)]);
}

/**
 * Straight through: rounding counts as the identity, and where the value saturates the gradient is 0.
 *
 * @see Bengio, Léonard, Courville 2013, arXiv:1308.3432; Jacob et al. 2018, arXiv:1712.05877.
 */
const quantize: Rule = (c) => {
  const fixed = (): never => c.refuse("quantization parameters are constants");
  return [
    () => {
      const scale = along(c, c.x(1));
      const [low, high] =
        limits[c.dtype(c.y)] ?? c.refuse("only 8 and 16 bit integers are supported");
      const steps = c.op("Div", [c.x(0), scale]);
      const zero = c.x(2) === "" ? undefined : c.op("Cast", [along(c, c.x(2))], castTo("float32"));
      const real = zero === undefined ? steps : c.op("Add", [steps, zero]);
      const inside = c.op("And", [
        c.op("GreaterOrEqual", [real, c.number(low - 0.5)]),
        c.op("LessOrEqual", [real, c.number(high + 0.5)]),
      ]);
      return keepWhere(c, inside, c.op("Div", [c.up, scale]));
    },
    fixed,
    fixed,
  ];
};

const dequantize: Rule = (c) => {
  const fixed = (): never => c.refuse("quantization parameters are constants");
  return [() => c.op("Mul", [c.up, along(c, c.x(1))]), fixed, fixed];
};

/** Quantization. */
export type QuantizationOp = "QuantizeLinear" | "DequantizeLinear";

/** Gradients of quantization, straight through. */
export const quantization: Readonly<Record<QuantizationOp, Rule>> = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
};
