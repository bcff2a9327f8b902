import type { Tensor, Tensors } from "@edgeloop/core/graph";
import { EdgeloopError } from "@edgeloop/core/platform";

/**
 * Checks that an update fits its base: the same names and shapes, float32, finite, no value above the bound.
 *
 * @throws `UPDATE_SHAPE_MISMATCH`, `UPDATE_NOT_FINITE`, `UPDATE_VALUE_EXCEEDED`
 * @example
 * const f32 = (...data) => ({ dtype: "float32", shape: [data.length], data: Float32Array.from(data) });
 * checkUpdate({ w: f32(1, 2) }, { w: f32(0.5, -0.5) }, 1); // => undefined
 */
export function checkUpdate(base: Tensors, update: Tensors, valueMax: number): void {
  for (const name of Object.keys(update)) {
    if (!Object.hasOwn(base, name)) throw mismatch(name, "is not a tensor of the base");
  }
  for (const [name, expected] of Object.entries(base)) {
    const tensor = Object.hasOwn(update, name) ? update[name] : undefined;
    if (tensor === undefined) throw mismatch(name, "is missing");
    checkTensor(name, expected, tensor);
    checkValues(name, tensor, valueMax);
  }
}

function checkTensor(name: string, expected: Tensor, tensor: Tensor): void {
  const same =
    tensor.dtype === "float32" &&
    tensor.shape.length === expected.shape.length &&
    tensor.shape.every((dim, axis) => dim === expected.shape[axis]) &&
    tensor.data.length === expected.data.length;
  if (!same) {
    throw mismatch(
      name,
      `is ${tensor.dtype} [${tensor.shape.join()}], expected float32 [${expected.shape.join()}]`,
    );
  }
}

function checkValues(name: string, tensor: Tensor, valueMax: number): void {
  if (tensor.dtype !== "float32") return;
  let largest = 0;
  for (const value of tensor.data) {
    if (!Number.isFinite(value)) {
      throw new EdgeloopError("UPDATE_NOT_FINITE", `tensor ${name} of an update holds ${value}`, {
        details: { name },
      });
    }
    largest = Math.max(largest, Math.abs(value));
  }
  if (largest > valueMax) {
    throw new EdgeloopError(
      "UPDATE_VALUE_EXCEEDED",
      `tensor ${name} of an update holds ${largest}, the plan allows ${valueMax}`,
      { details: { name, largest, valueMax } },
    );
  }
}

const mismatch = (name: string, what: string): EdgeloopError =>
  new EdgeloopError("UPDATE_SHAPE_MISMATCH", `tensor ${name} of an update ${what}`, {
    details: { name },
  });
