import { limitsOf, roundEven } from "./elementwise.ts";
import type { Call, Operators } from "./operator.ts";
import { input, number } from "./operator.ts";
import type { Value } from "./value.ts";
import { axisOf, value, zip } from "./value.ts";

/** Scale and zero point are a scalar or one number a slice along `axis`. */
function along(call: Call, parameter: Value, x: Value): Value {
  if (parameter.data.length === 1) return value(parameter.dtype, [], parameter.data);
  const axis = axisOf(number(call, "axis", 1), x.shape.length);
  return value(
    parameter.dtype,
    x.shape.map((_, i) => (i === axis ? parameter.data.length : 1)),
    parameter.data,
  );
}

function quantizeLinear(call: Call): Value {
  const [x, scale] = [input(call, 0), input(call, 1)];
  const zero = call.inputs[2] ?? value("uint8", []);
  const [low, high] = limitsOf(zero.dtype);
  return zip([x, along(call, scale, x), along(call, zero, x)], zero.dtype, (e, s, z) =>
    Math.min(Math.max(roundEven(e! / s!) + z!, low), high),
  );
}

function dequantizeLinear(call: Call): Value {
  const [x, scale] = [input(call, 0), input(call, 1)];
  const zero = call.inputs[2] ?? value(x.dtype, []);
  return zip(
    [x, along(call, scale, x), along(call, zero, x)],
    scale.dtype,
    (e, s, z) => (e! - z!) * s!,
  );
}

export const quantization: Operators = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
};
