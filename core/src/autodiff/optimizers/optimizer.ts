import { EdgeloopError } from "../../platform/errors.ts";
import type { Emitter } from "../emitter.ts";

/** Scalars that all parameters share in one step. */
export type OptimizerStep = {
  readonly emit: Emitter;
  readonly learningRate: string;
  /** Adam's step size and the inverse of its second correction; absent in optimizers that do not count. */
  readonly corrections?: { readonly rate: string; readonly root: string };
};

/** One parameter, its gradient and its state, by name; `<name>.next` are the names to emit. */
export type OptimizerInputs = { readonly parameter: string; readonly gradient: string };

/** An update rule: pure data and a function that emits it. */
export type Optimizer = {
  readonly kind: string;
  /** State tensors of a parameter, of its shape, zero at the start: `<parameter>.<state>`. */
  readonly states: readonly string[];
  /** Decay rates of the moments whose bias is corrected by the number of steps, `optimizer.step`. */
  readonly betas?: readonly [number, number];
  /** Emits `<parameter>.next` and `<parameter>.<state>.next`. */
  update(step: OptimizerStep, inputs: OptimizerInputs): void;
};

/** A float32 constant. */
export const number = (emit: Emitter, value: number): string => emit.number(value, "float32");

/** `value + factor * other`; the value itself when the factor is 0. */
export const plus = (emit: Emitter, value: string, factor: number, other: string): string =>
  factor === 0 ? value : emit.op("Add", [value, scaled(emit, other, factor)]);

/** `value * factor`. */
export const scaled = (emit: Emitter, value: string, factor: number): string =>
  emit.op("Mul", [value, number(emit, factor)]);

/** Makes the error for options that make no sense. */
export const optimizerInvalid = (message: string): EdgeloopError =>
  new EdgeloopError("OPTIMIZER_INVALID", message);
