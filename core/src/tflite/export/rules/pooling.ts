import { intOf, intsOf } from "../../../graph/attributes.ts";
import type { Node } from "../../../graph/graph.ts";
import { f32 } from "../../../graph/tensor.ts";
import { int32s } from "../moves.ts";
import { refusal } from "../refusal.ts";
import type { Rules, Site } from "../site.ts";
import type { Kernel2d } from "./kernel.ts";
import { isSame, kernel2d, padded, strideOptions } from "./kernel.ts";

const poolOptions = (kernel: Kernel2d, padding: string) => ({
  padding,
  filter_height: kernel.size[0] ?? 1,
  filter_width: kernel.size[1] ?? 1,
  fused_activation_function: "NONE",
  ...strideOptions(kernel),
});

function poolKernel(site: Site): Kernel2d {
  const size = intsOf(site.node, "kernel_shape") ?? [];
  const kernel = kernel2d(site, size);
  if (kernel.dilations.some((dilation) => dilation !== 1)) {
    throw refusal(site.node, "pooling has no dilations");
  }
  return kernel;
}

function writeMaxPool(site: Site): void {
  if (site.node.outputs.some((name, at) => at > 0 && name !== "")) {
    throw refusal(site.node, "pooling does not tell indices");
  }
  const kernel = poolKernel(site);
  const source = { tensor: site.input(0, "last"), fill: "lowest", own: true } as const;
  const { tensor, padding } = padded(site, kernel, source);
  const options = poolOptions(kernel, padding);
  site.emit("MAX_POOL_2D", [tensor], [site.output("last", 0, site.scale(0))], { options });
}

function writeAveragePool(site: Site): void {
  const kernel = poolKernel(site);
  const tensor = site.input(0, "last");
  const includesPads = intOf(site.node, "count_include_pad", 0) === 1;
  const isPadded = [...kernel.padBegin, ...kernel.padEnd].some((pad) => pad > 0);
  // The operator leaves padding out of the average; what it has no way to pad is averaged over zeros and corrected.
  const own = !isPadded || (!includesPads && isSame(kernel));
  const source = padded(site, kernel, { tensor, fill: "zero", own });
  const options = poolOptions(kernel, source.padding);
  const factors = source.padding === "SAME" ? undefined : countFactors(kernel, includesPads);
  const output = site.output("last", 0, site.scale(0));
  if (factors === undefined) {
    site.emit("AVERAGE_POOL_2D", [source.tensor], [output], { options });
    return;
  }
  const average = site.between(site.program.of(output).shape, source.tensor);
  site.emit("AVERAGE_POOL_2D", [source.tensor], [average], { options });
  const shape = [1, kernel.to[0] ?? 1, kernel.to[1] ?? 1, 1];
  const constant = site.constant("counts", f32(factors, shape));
  const mul = { options: { fused_activation_function: "NONE" } };
  site.emit("MUL", [average, constant], [output], mul);
}

/** The kernel's size over the number of elements that count, an output position; undefined where all are 1. */
function countFactors(kernel: Kernel2d, includesPads: boolean): Float32Array | undefined {
  const counts = kernel.to.map((outputs, axis) =>
    Array.from({ length: outputs }, (_, at) => countAlong(kernel, axis, { at, includesPads })),
  );
  const [rows = [], columns = []] = counts;
  const area = (kernel.size[0] ?? 1) * (kernel.size[1] ?? 1);
  const factors = rows.flatMap((row) => columns.map((column) => area / (row * column)));
  return factors.every((factor) => factor === 1) ? undefined : Float32Array.from(factors);
}

function countAlong(
  kernel: Kernel2d,
  axis: number,
  { at, includesPads }: { readonly at: number; readonly includesPads: boolean },
): number {
  const [begin, end] = [kernel.padBegin[axis] ?? 0, kernel.padEnd[axis] ?? 0];
  const from = at * (kernel.strides[axis] ?? 1) - begin;
  const to = from + (kernel.size[axis] ?? 1);
  const size = kernel.from[axis] ?? 1;
  // With ceil_mode a window may reach beyond the padding; what lies there never counts.
  if (includesPads) return Math.min(to, size + end) - Math.max(from, -begin);
  return Math.min(to, size) - Math.max(from, 0);
}

/** Whether int8 does an average without correction. */
function isPlainAverage(node: Node): boolean {
  const pads = intsOf(node, "pads") ?? [];
  const isFloor = intOf(node, "ceil_mode", 0) === 0;
  return pads.every((pad) => pad === 0) && isFloor && !node.attributes["auto_pad"];
}

function writeGlobal(op: "MEAN" | "REDUCE_MAX"): (site: Site) => void {
  return (site) => {
    const rank = site.shape(0).length;
    if (rank > 4) throw refusal(site.node, "three spatial axes have no layout");
    const axes = site.constant("axes", int32s([1, 2]));
    const input = site.input(0, "last");
    const output = op === "MEAN" ? site.output("last") : site.output("last", 0, site.scale(0));
    site.emit(op, [input, axes], [output], { options: { keep_dims: true } });
  };
}

const always = (): boolean => true;

/** How pooling is written. */
export const poolingRules: Rules = {
  MaxPool: { write: writeMaxPool, int8: always },
  AveragePool: { write: writeAveragePool, int8: isPlainAverage },
  GlobalAveragePool: { write: writeGlobal("MEAN"), int8: always },
  GlobalMaxPool: { write: writeGlobal("REDUCE_MAX"), int8: always },
};
