import { textOf } from "../../../graph/attributes.ts";
import { int32s } from "../moves.ts";
import { refusal } from "../refusal.ts";
import type { Rules, Site } from "../site.ts";

/** Where an output position lies in the input, in ONNX's words. */
type Frame = (at: number, from: number, to: number) => number;

const frames: Readonly<Record<string, Frame>> = {
  half_pixel: (at, from, to) => ((at + 0.5) * from) / to - 0.5,
  pytorch_half_pixel: (at, from, to) => (to > 1 ? ((at + 0.5) * from) / to - 0.5 : 0),
  asymmetric: (at, from, to) => (at * from) / to,
  align_corners: (at, from, to) => (to > 1 ? (at * (from - 1)) / (to - 1) : 0),
};

const roundings: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

type Modes = { readonly align_corners: boolean; readonly half_pixel_centers: boolean };

/** The ways in which .tflite samples, and which element of the input each takes. */
const nearest: readonly (Modes & { readonly take: Frame })[] = [
  {
    ...{ align_corners: false, half_pixel_centers: true },
    take: (at, from, to) => Math.floor(((at + 0.5) * from) / to),
  },
  {
    ...{ align_corners: false, half_pixel_centers: false },
    take: (at, from, to) => Math.floor((at * from) / to),
  },
  {
    ...{ align_corners: true, half_pixel_centers: false },
    take: (at, from, to) => (to > 1 ? Math.round((at * (from - 1)) / (to - 1)) : 0),
  },
];

function nearestModes(site: Site, frame: Frame): Modes {
  const rounding = roundings[textOf(site.node, "nearest_mode", "round_prefer_floor")];
  const { from, to } = sizesOf(site);
  const isSame = ({ take }: { readonly take: Frame }): boolean =>
    from.every((size, axis) =>
      Array.from({ length: to[axis] ?? 1 }, (_, at) => at).every((at) => {
        const last = size - 1;
        const wanted = rounding?.(frame(at, size, to[axis] ?? 1)) ?? Number.NaN;
        const taken = take(at, size, to[axis] ?? 1);
        return Math.min(last, Math.max(0, wanted)) === Math.min(last, Math.max(0, taken));
      }),
    );
  const found = nearest.find(isSame);
  if (found === undefined) throw refusal(site.node, "no sampling takes the same elements");
  return { align_corners: found.align_corners, half_pixel_centers: found.half_pixel_centers };
}

function linearModes(site: Site, name: string): Modes {
  const { to } = sizesOf(site);
  const isHalf = name === "half_pixel" || (name === "pytorch_half_pixel" && !to.includes(1));
  if (isHalf) return { align_corners: false, half_pixel_centers: true };
  if (name === "asymmetric") return { align_corners: false, half_pixel_centers: false };
  if (name === "align_corners") return { align_corners: true, half_pixel_centers: false };
  throw refusal(site.node, `coordinates by ${name} have no operator`);
}

const sizesOf = (site: Site) => ({ from: site.shape(0).slice(2), to: site.outShape().slice(2) });

function writeResize(site: Site): void {
  const { node } = site;
  const rank = site.shape(0).length;
  const isPlane = (rank === 3 || rank === 4) && site.shape(0)[1] === site.outShape()[1];
  if (!isPlane) throw refusal(node, "only positions of [N, C, W] and [N, C, H, W] are resized");
  checkScales(site);
  const name = textOf(node, "coordinate_transformation_mode", "half_pixel");
  const mode = textOf(node, "mode", "nearest");
  const frame = frames[name];
  if (frame === undefined) throw refusal(node, `coordinates by ${name} have no operator`);
  if (mode === "cubic") throw refusal(node, "cubic interpolation has no operator");
  const modes = mode === "nearest" ? nearestModes(site, frame) : linearModes(site, name);
  const output = site.output("last", 0, site.scale(0));
  const [, height = 1, width = 1] = site.program.of(output).shape;
  const size = site.constant("size", int32s([height, width]));
  const op = mode === "nearest" ? "RESIZE_NEAREST_NEIGHBOR" : "RESIZE_BILINEAR";
  const version = modes.half_pixel_centers || modes.align_corners ? { version: 3 } : {};
  site.emit(op, [site.input(0, "last"), size], [output], { options: modes, ...version });
}

/** .tflite knows sizes alone: scales that are not their ratio would sample elsewhere. */
function checkScales(site: Site): void {
  if (!site.has(2)) return;
  const scales = [...site.floats(2, "the scales").data];
  if (scales.length === 0) return;
  const isRatio = scales.every((scale, axis) => {
    const exact = (site.shape(0)[axis] ?? 1) * scale;
    return Math.abs(exact - (site.outShape()[axis] ?? 1)) < 1e-4;
  });
  if (!isRatio) throw refusal(site.node, "scales must be the ratio of whole sizes");
}

/** How resizing is written. */
export const resizeRules: Rules = { Resize: { write: writeResize, int8: () => true } };
