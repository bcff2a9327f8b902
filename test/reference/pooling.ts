import type { Sliding } from "./convolution.ts";
import { eachTap, positions, slidingOf } from "./convolution.ts";
import type { Call, Operators } from "./operator.ts";
import { input, list, number } from "./operator.ts";
import type { Value } from "./value.ts";
import { eachIndex, value } from "./value.ts";

/** Calls `visit` once a window: its output's flat index, its image's offset, and a walk over its elements inside. */
function eachWindow(
  x: Value,
  sliding: Sliding,
  out: readonly number[],
  visit: (output: number, elements: () => number[]) => void,
): void {
  const size = x.shape.slice(2);
  const inner = size.reduce((a, b) => a * b, 1);
  const outer = x.shape[0]! * x.shape[1]!;
  const outs = out.reduce((a, b) => a * b, 1);
  for (let image = 0; image < outer; image += 1) {
    eachIndex(out, (position, at) => {
      visit(image * outs + at, () => {
        const places: number[] = [];
        eachTap(sliding, size, position, (_, place) => places.push(image * inner + place));
        return places;
      });
    });
  }
}

const outputs = (call: Call, x: Value): { sliding: Sliding; out: number[] } => {
  const size = x.shape.slice(2);
  const sliding = slidingOf(call, list(call, "kernel_shape", []), size);
  return {
    sliding,
    out: positions(sliding, size, number(call, "ceil_mode", 0) === 0 ? Math.floor : Math.ceil),
  };
};

/** The first of equal maxima wins. */
function maxPool(call: Call): Value[] {
  const x = input(call, 0);
  const { sliding, out } = outputs(call, x);
  const shape = [x.shape[0]!, x.shape[1]!, ...out];
  const [y, indices] = [value(x.dtype, shape), value("int64", shape)];
  const [height, width] = [x.shape[2]!, x.shape[3] ?? 1];
  const isColumnMajor = number(call, "storage_order", 0) === 1;
  /** The place of an element of an image counted down its columns. */
  const downColumns = (place: number): number => {
    const [image, inner] = [Math.floor(place / (height * width)), place % (height * width)];
    return image * height * width + (inner % width) * height + Math.floor(inner / width);
  };
  eachWindow(x, sliding, out, (output, elements) => {
    const best = elements().reduce((a, b) => (x.data[b]! > x.data[a]! ? b : a));
    y.data[output] = x.data[best]!;
    indices.data[output] = isColumnMajor ? downColumns(best) : best;
  });
  return [y, indices];
}

function averagePool(call: Call): Value {
  const x = input(call, 0);
  const { sliding, out } = outputs(call, x);
  const y = value(x.dtype, [x.shape[0]!, x.shape[1]!, ...out]);
  const includePads = number(call, "count_include_pad", 0) === 1;
  // Padding counts, what a last window takes from beyond it does not.
  const limits = sliding.ends.map((end, i) => x.shape[i + 2]! + end);
  const counts = value(x.dtype, out);
  eachIndex(out, (position, at) => {
    counts.data[at] = sliding.kernel.reduce((count, k, i) => {
      const start = position[i]! * sliding.strides[i]! - sliding.begins[i]!;
      const taps = Array.from({ length: k }, (_, tap) => start + tap * sliding.dilations[i]!);
      return count * taps.filter((tap) => tap < limits[i]!).length;
    }, 1);
  });
  eachWindow(x, sliding, out, (output, elements) => {
    const places = elements();
    const sum = places.reduce((total, place) => total + x.data[place]!, 0);
    y.data[output] =
      sum / (includePads ? counts.data[output % counts.data.length]! : places.length);
  });
  return y;
}

function maxUnpool(call: Call): Value {
  const [x, indices] = [input(call, 0), input(call, 1)];
  const y = value(x.dtype, [...input(call, 2).data]);
  for (const [i, place] of indices.data.entries()) y.data[place] = x.data[i]!;
  return y;
}

const global =
  (reduce: (elements: Float64Array) => number) =>
  (call: Call): Value => {
    const x = input(call, 0);
    const inner = x.shape.slice(2).reduce((a, b) => a * b, 1);
    const outer = x.shape[0]! * x.shape[1]!;
    const data = Float64Array.from({ length: outer }, (_, i) =>
      reduce(x.data.subarray(i * inner, (i + 1) * inner)),
    );
    return value(x.dtype, [x.shape[0]!, x.shape[1]!, ...x.shape.slice(2).map(() => 1)], data);
  };

export const pooling: Operators = {
  MaxPool: maxPool,
  MaxUnpool: maxUnpool,
  AveragePool: averagePool,
  GlobalAveragePool: global((elements) => elements.reduce((a, b) => a + b, 0) / elements.length),
  GlobalMaxPool: global((elements) => elements.reduce((a, b) => Math.max(a, b))),
};
