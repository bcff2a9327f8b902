import type { ActivationOp } from "./gradients/activation.ts";
import { activation } from "./gradients/activation.ts";
import type { ArithmeticOp } from "./gradients/arithmetic.ts";
import { arithmetic } from "./gradients/arithmetic.ts";
import { batchNormalization } from "./gradients/batch-normalization.ts";
import { contraction } from "./gradients/contraction.ts";
import type { ConvolutionOp } from "./gradients/convolution.ts";
import { convolution } from "./gradients/convolution.ts";
import { dropping } from "./gradients/dropout.ts";
import type { IndexingOp } from "./gradients/indexing.ts";
import { indexing } from "./gradients/indexing.ts";
import type { LinearOp } from "./gradients/linear.ts";
import { linear } from "./gradients/linear.ts";
import type { NormalizationOp } from "./gradients/normalization.ts";
import { normalization } from "./gradients/normalization.ts";
import type { PoolingOp } from "./gradients/pooling.ts";
import { pooling } from "./gradients/pooling.ts";
import type { QuantizationOp } from "./gradients/quantization.ts";
import { quantization } from "./gradients/quantization.ts";
import type { RearrangingOp } from "./gradients/rearranging.ts";
import { rearranging } from "./gradients/rearranging.ts";
import type { RectifierOp } from "./gradients/rectifier.ts";
import { rectifier } from "./gradients/rectifier.ts";
import type { ReductionOp } from "./gradients/reduction.ts";
import { reduction } from "./gradients/reduction.ts";
import { resampling } from "./gradients/resampling.ts";
import type { ScatteringOp } from "./gradients/scattering.ts";
import { scattering } from "./gradients/scattering.ts";
import type { ShapeOp } from "./gradients/shape.ts";
import { shape } from "./gradients/shape.ts";
import type { TrigonometryOp } from "./gradients/trigonometry.ts";
import { trigonometry } from "./gradients/trigonometry.ts";
import type { Rule } from "./rule.ts";

/** Every operator that can be differentiated. */
export type DifferentiableOp =
  | ActivationOp
  | ArithmeticOp
  | "BatchNormalization"
  | ConvolutionOp
  | "Dropout"
  | "Einsum"
  | IndexingOp
  | LinearOp
  | NormalizationOp
  | PoolingOp
  | QuantizationOp
  | RearrangingOp
  | RectifierOp
  | ReductionOp
  | "Resize"
  | ScatteringOp
  | ShapeOp
  | TrigonometryOp;

/** The gradient table: a row an operator, written in plain ONNX operators. */
export const gradients: Readonly<Record<DifferentiableOp, Rule>> = {
  ...activation,
  ...arithmetic,
  ...batchNormalization,
  ...contraction,
  ...convolution,
  ...dropping,
  ...indexing,
  ...linear,
  ...normalization,
  ...pooling,
  ...quantization,
  ...rearranging,
  ...rectifier,
  ...reduction,
  ...resampling,
  ...scattering,
  ...shape,
  ...trigonometry,
};

/** Finds the row of an operator. */
export const gradientOf = (op: string): Rule | undefined =>
  Object.hasOwn(gradients, op) ? gradients[op as DifferentiableOp] : undefined;
