import type { Call, Operators } from "./operator.ts";
import { input, number } from "./operator.ts";
import type { Value } from "./value.ts";
import { broadcastShape, expand, transpose, value, zip } from "./value.ts";

/** Matrix product of the last two axes; the others broadcast; a vector is a row on the left, a column on the right. */
export function matmul(left: Value, right: Value): Value {
  const a = left.shape.length === 1 ? value(left.dtype, [1, ...left.shape], left.data) : left;
  const b = right.shape.length === 1 ? value(right.dtype, [...right.shape, 1], right.data) : right;
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1)!;
  if (b.shape.at(-2) !== k) throw new Error(`MatMul of [${a.shape}] and [${b.shape}]`);
  const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const x = expand(a, [...batch, m, k]).data;
  const y = expand(b, [...batch, k, n]).data;
  const result = value(a.dtype, [...batch, m, n]);
  for (let at = 0; at < result.data.length; at += 1) {
    const [matrix, row, column] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n];
    let sum = 0;
    for (let i = 0; i < k; i += 1) {
      sum += x[(matrix * m + row) * k + i]! * y[(matrix * k + i) * n + column]!;
    }
    result.data[at] = sum;
  }
  const kept = [
    ...batch,
    ...(left.shape.length === 1 ? [] : [m]),
    ...(right.shape.length === 1 ? [] : [n]),
  ];
  return value(result.dtype, kept, result.data);
}

function gemm(call: Call): Value {
  const a = number(call, "transA", 0) === 0 ? input(call, 0) : transpose(input(call, 0), [1, 0]);
  const b = number(call, "transB", 0) === 0 ? input(call, 1) : transpose(input(call, 1), [1, 0]);
  const [alpha, beta] = [number(call, "alpha", 1), number(call, "beta", 1)];
  const product = matmul(a, b);
  const c = call.inputs[2] ?? value(product.dtype, []);
  return zip([product, c], product.dtype, (p, q) => alpha * p! + beta * q!);
}

export const linear: Operators = {
  MatMul: (call) => matmul(input(call, 0), input(call, 1)),
  Gemm: gemm,
};
