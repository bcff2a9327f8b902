import { floatOf, intOf } from "../../../graph/attributes.ts";
import { f32, scalar } from "../../../graph/tensor.ts";
import { hasChannels, storedShape } from "../layout.ts";
import { int32s, reshaped } from "../moves.ts";
import { refusal } from "../refusal.ts";
import type { Rules, Site } from "../site.ts";

const plain = { options: { fused_activation_function: "NONE" } };

/** Subtracts the mean over axes and divides by the deviation; the result has mean 0 and variance 1. */
function standardized(
  site: Site,
  input: number,
  {
    axes,
    epsilon,
    centers = true,
  }: { readonly axes: readonly number[]; readonly epsilon: number; readonly centers?: boolean },
): number {
  const { shape } = site.program.of(input);
  const small = shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  const list = site.constant("axes", int32s(axes));
  const keep = { options: { keep_dims: true } };
  const make = (
    op: string,
    inputs: readonly number[],
    dims: readonly number[],
    spec = {},
  ): number => {
    const to = site.between(dims, input);
    site.emit(op, inputs, [to], spec);
    return to;
  };
  const mean = centers ? make("MEAN", [input, list], small, keep) : undefined;
  const centered = mean === undefined ? input : make("SUB", [input, mean], shape, plain);
  const squares = make("MUL", [centered, centered], shape, plain);
  const variance = make("MEAN", [squares, list], small, keep);
  const shifted = make("ADD", [variance, site.constant("epsilon", scalar(epsilon))], small, plain);
  const factor = make("RSQRT", [shifted], small);
  return make("MUL", [centered, factor], shape, plain);
}

/** Multiplies and shifts by constants, into an output. */
function scaleInto(
  site: Site,
  input: number,
  {
    output,
    scale,
    bias,
  }: { readonly output: number; readonly scale: number; readonly bias?: number | undefined },
): void {
  if (bias === undefined) {
    site.emit("MUL", [input, scale], [output], plain);
    return;
  }
  const scaled = site.between(site.program.of(output).shape, output);
  site.emit("MUL", [input, scale], [scaled], plain);
  site.emit("ADD", [scaled, bias], [output], plain);
}

/** Constants one a channel, as the last axis of a channels-last tensor takes them. */
const perChannel = (site: Site, input: number, name: string): number =>
  site.constant(name, f32(site.floats(input, `the ${name}`).data, [site.shape(input)[0] ?? 1]));

function checkRank(site: Site): readonly number[] {
  const shape = site.shape(0);
  if (!hasChannels(shape.length))
    throw refusal(site.node, "the input must be [N, C, W] or [N, C, H, W]");
  return shape;
}

function writeGroups(site: Site, groups: number): void {
  const shape = checkRank(site);
  const [n = 1, channels = 1, ...positions] = shape;
  const places = positions.reduce((product, dim) => product * dim, 1);
  const input = site.input(0, "last");
  const split = reshaped(site.program, input, [n, places, groups, channels / groups]);
  const epsilon = floatOf(site.node, "epsilon", 1e-5);
  const normal = standardized(site, split, { axes: [1, 3], epsilon });
  const output = site.output("last");
  scaleInto(site, reshaped(site.program, normal, storedShape("last", shape)), {
    output,
    scale: perChannel(site, 1, "scale"),
    bias: perChannel(site, 2, "bias"),
  });
}

function writeLayer(site: Site): void {
  if (site.node.outputs.slice(1).some((name) => name !== "")) {
    throw refusal(site.node, "mean and deviation are not told");
  }
  const shape = site.shape(0);
  const given = intOf(site.node, "axis", -1);
  const axis = given < 0 ? given + shape.length : given;
  const axes = shape.map((_, at) => at).filter((at) => at >= axis);
  const epsilon = floatOf(site.node, "epsilon", 1e-5);
  const normal = standardized(site, site.input(0, "first"), { axes, epsilon });
  const scale = site.constant("scale", site.floats(1, "the scale"));
  const bias = site.has(2) ? site.constant("bias", site.floats(2, "the bias")) : undefined;
  scaleInto(site, normal, { output: site.output("first"), scale, bias });
}

/** Statistics that are constants make a factor and an offset a channel. */
function writeBatch(site: Site): void {
  const { node } = site;
  if (intOf(node, "training_mode", 0) === 1) throw refusal(node, "it is in training mode");
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map(
    (at) => site.floats(at, "a statistic").data,
  );
  const epsilon = floatOf(node, "epsilon", 1e-5);
  const factor = Float32Array.from(
    scale ?? [],
    (s, at) => s / Math.sqrt((variance?.[at] ?? 1) + epsilon),
  );
  const offset = factor.map((f, at) => (bias?.[at] ?? 0) - (mean?.[at] ?? 0) * f);
  const shape = site.shape(0);
  const layout = hasChannels(shape.length) ? "last" : "first";
  if (layout === "first" && shape.length !== 2)
    throw refusal(node, "the input has three spatial axes");
  scaleInto(site, site.input(0, layout), {
    output: site.output(layout),
    scale: site.constant("factor", f32(factor)),
    bias: site.constant("offset", f32(offset)),
  });
}

/** How normalisation is written: as the arithmetic it is. */
export const normalizationRules: Rules = {
  GroupNormalization: { write: (site) => writeGroups(site, intOf(site.node, "num_groups", 1)) },
  InstanceNormalization: { write: (site) => writeGroups(site, site.shape(0)[1] ?? 1) },
  LayerNormalization: { write: writeLayer },
  BatchNormalization: { write: writeBatch },
};
