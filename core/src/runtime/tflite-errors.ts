import { EdgeloopError, messageOf } from "../platform/errors.ts";
import type { RuntimeErrorCode } from "./runtime-errors.ts";
import { modelError } from "./runtime-errors.ts";

/** An engine for .tflite files, and what it said when it refused one. */
export type TfliteRefusal = {
  readonly backend: "litert" | "tflite";
  /** Lines that it printed: the reason stands there, its own errors say little. */
  readonly printed: readonly string[];
  readonly cause: unknown;
};

const versionUnknown = /Didn't find op for builtin opcode '(\w+)' version '(\d+)'/;
const operatorUnknown = /unresolved custom op: (\w+)/;
const engineNames = { litert: "LiteRT", tflite: "@tensorflow/tfjs-tflite" } as const;
const elsewhere = {
  litert: "convert the model for an older runtime",
  tflite: "open the model on the backend litert",
} as const;

/**
 * Maps what an engine says of a model that it does not take.
 *
 * @returns `MODEL_UNSUPPORTED` naming the operator and its version, else `MODEL_INVALID`.
 */
export function tfliteModelError(refusal: TfliteRefusal): EdgeloopError<RuntimeErrorCode> {
  const { backend, printed, cause } = refusal;
  const text = printed.join("\n");
  const engine = engineNames[backend];
  const [, operator, version] = versionUnknown.exec(text) ?? [];
  if (operator !== undefined) {
    return new EdgeloopError(
      "MODEL_UNSUPPORTED",
      `${engine} has no ${operator} of version ${version}; ${elsewhere[backend]}`,
      { details: { backend, operator, version: Number(version) }, cause },
    );
  }
  const [, custom] = operatorUnknown.exec(text) ?? [];
  if (custom !== undefined) return customOperatorError(backend, [custom], cause);
  const last = printed.findLast((line) => line.includes("ERROR")) ?? messageOf(cause);
  return modelError({ backend, text: last, cause });
}

/** Refuses operators outside the built-in set. */
export const customOperatorError = (
  backend: keyof typeof engineNames,
  operators: readonly string[],
  cause?: unknown,
): EdgeloopError<RuntimeErrorCode> =>
  new EdgeloopError(
    "MODEL_UNSUPPORTED",
    `${engineNames[backend]} has no operator ${operators[0]}; use a model of built-in operators`,
    { details: { backend, operators }, cause },
  );
