import { intOf, intsOf, textOf } from "../../../graph/attributes.ts";
import { i64, scalar, sizeOf } from "../../../graph/tensor.ts";
import type { Layout } from "../layout.ts";
import { hasChannels, storedAxis, storedList } from "../layout.ts";
import { int32s, reshapeInto, transposed } from "../moves.ts";
import { refusal } from "../refusal.ts";
import type { Rule, Rules, Site } from "../site.ts";

const always = (): boolean => true;
const moving = (write: Rule["write"]): Rule => ({ write, int8: always });

/** Passes a tensor on under another value's name, in a layout; an operator only where scales differ. */
function pass(site: Site, tensor: number, layout: Layout): void {
  const { node, values, isInt8, program } = site;
  const isSame =
    !isInt8 || program.of(tensor).quantization?.scales[0] === site.outScale()?.scales[0];
  const [name = ""] = node.outputs;
  if (isSame && !isInt8) {
    values.set(name, layout, tensor);
    return;
  }
  const output = site.output(layout, 0, site.scale(0));
  reshapeInto(program, tensor, output);
}

function writeReshape(site: Site): void {
  const [rows, ...rest] = site.shape(0);
  const out = site.outShape();
  const isFlat = out.length === 2 && out[0] === rows && out[1] === sizeOf(rest);
  const [channels = 1] = rest;
  // Elements stay where they are: flattened channels-last, told by its number of channels.
  if (isFlat && site.native(0) === "last" && channels > 1 && sizeOf(rest) > channels) {
    const output = site.output(channels, 0, site.scale(0));
    reshapeInto(site.program, site.input(0, "last"), output);
    return;
  }
  reshapeInto(site.program, site.input(0, "first"), site.output("first", 0, site.scale(0)));
}

function writeTranspose(site: Site): void {
  const rank = site.shape(0).length;
  const given = intsOf(site.node, "perm") ?? Array.from({ length: rank }, (_, at) => rank - 1 - at);
  const native = site.native(0);
  // What makes channels come second of four is what convolutions undo: the tensor is that value, channels last.
  if (native === "first" && rank === 4 && given.join() === "0,3,1,2") {
    pass(site, site.input(0, "first"), "last");
    return;
  }
  const isLast = native === "last" && rank === 4;
  const order = isLast ? given.map((axis) => storedAxis("last", rank, axis)) : given;
  const tensor = transposed(site.program, site.input(0, isLast ? "last" : "first"), order);
  pass(site, tensor, "first");
}

/** The layout that joining and splitting keep: that of the data, where all of it can lie so. */
function keptLayout(site: Site, inputs: readonly number[]): Layout {
  const isLast = inputs.some((input) => site.native(input) === "last");
  return isLast && hasChannels(site.shape(0).length) ? "last" : "first";
}

const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

function writeConcat(site: Site): void {
  const all = site.node.inputs.map((_, at) => at);
  const layout = keptLayout(site, all);
  const rank = site.shape(0).length;
  const axis = storedAxis(layout, rank, positive(intOf(site.node, "axis", 0), rank));
  const output = site.output(layout);
  const scale = site.outScale();
  const inputs = all.map((at) => {
    const tensor = site.input(at, layout);
    const own = site.program.of(tensor);
    if (scale === undefined || sameScale(own.quantization, scale)) return tensor;
    const name = `${own.name}.rescaled`;
    const rescaled = site.program.tensor({
      name,
      type: own.type,
      shape: own.shape,
      quantization: scale,
    });
    site.emit("QUANTIZE", [tensor], [rescaled]);
    return rescaled;
  });
  const options = { axis, fused_activation_function: "NONE" };
  site.emit("CONCATENATION", inputs, [output], { options });
}

type Scale = { readonly scales: readonly number[]; readonly zeroPoints: readonly number[] };
const sameScale = (a: Scale | undefined, b: Scale): boolean =>
  a?.scales[0] === b.scales[0] && a?.zeroPoints[0] === b.zeroPoints[0];

function writeSplit(site: Site): void {
  const layout = keptLayout(site, [0]);
  const rank = site.shape(0).length;
  const axis = positive(intOf(site.node, "axis", 0), rank);
  const outputs = site.node.outputs.map((_, at) => site.output(layout, at, site.scale(0)));
  const sizes = site.node.outputs.map((_, at) => site.outShape(at)[axis] ?? 0);
  const inputs = [
    site.input(0, layout),
    site.constant("sizes", int32s(sizes)),
    site.constant("axis", int32s([storedAxis(layout, rank, axis)], [])),
  ];
  site.emit("SPLIT_V", inputs, outputs, { options: { num_splits: outputs.length } });
}

function writeSlice(site: Site): void {
  const shape = site.shape(0);
  const layout = keptLayout(site, [0]);
  const starts = site.integers(1, "starts") ?? [];
  const axes = (site.integers(3, "axes") ?? starts.map((_, at) => at)).map((axis) =>
    positive(axis, shape.length),
  );
  const steps = site.integers(4, "steps") ?? starts.map(() => 1);
  const along = (axis: number) => {
    const at = axes.indexOf(axis);
    const [size, count] = [shape[axis] ?? 1, site.outShape()[axis] ?? 1];
    const step = at < 0 ? 1 : (steps[at] ?? 1);
    const start = at < 0 ? 0 : positive(starts[at] ?? 0, size);
    const begin = Math.min(Math.max(start, 0), step < 0 ? size - 1 : size);
    return { begin, end: begin + count * step, step };
  };
  const parts = shape.map((_, axis) => along(axis));
  const list = (key: "begin" | "end" | "step", blank: number): readonly number[] =>
    storedList(
      layout,
      parts.map((part) => part[key]),
      blank,
    );
  const ends = list("end", 1);
  const inputs = [
    site.input(0, layout),
    site.constant("begin", int32s(list("begin", 0))),
    site.constant("end", int32s(ends)),
    site.constant("steps", int32s(list("step", 1))),
  ];
  // An end before the first element counts from the last one: the mask says that there is none.
  const endMask = ends.reduce((mask, end, axis) => (end < 0 ? mask | (1 << axis) : mask), 0);
  const masks = { begin_mask: 0, ellipsis_mask: 0, new_axis_mask: 0, shrink_axis_mask: 0 };
  const options = { ...masks, end_mask: endMask, offset: false };
  site.emit("STRIDED_SLICE", inputs, [site.output(layout, 0, site.scale(0))], { options });
}

function writeGather(site: Site): void {
  const rank = site.shape(0).length;
  const axis = positive(intOf(site.node, "axis", 0), rank);
  const { node, values } = site;
  const fixed = values.constant(node.inputs[1] ?? "");
  const size = site.shape(0)[axis] ?? 1;
  const indices =
    fixed === undefined
      ? counted(site, size)
      : site.constant(
          "indices",
          int32s(
            Array.from<unknown, number>(fixed.data, (index) => positive(Number(index), size)),
            fixed.shape,
          ),
        );
  const options = { axis, batch_dims: 0 };
  const output = site.output("first", 0, site.scale(0));
  site.emit("GATHER", [site.input(0, "first"), indices], [output], { options });
}

/** Indices that come while running, those before 0 counted from the end: .tflite takes none of these. */
function counted(site: Site, size: number): number {
  const name = site.node.inputs[1] ?? "";
  const indices = site.values.get(name, "first");
  const { type, shape } = site.program.of(indices);
  const like = (label: string, value: number): number =>
    site.constant(label, type === "int64" ? i64([value], []) : int32s([value], []));
  const isBefore = site.program.tensor({ name: `${name}.before`, type: "bool", shape });
  const [moved, result] = [site.between(shape, indices), site.between(shape, indices)];
  site.emit("LESS", [indices, like("zero", 0)], [isBefore]);
  const options = { fused_activation_function: "NONE" };
  site.emit("ADD", [indices, like("size", size)], [moved], { options });
  site.emit("SELECT_V2", [isBefore, moved, indices], [result]);
  return result;
}

function writePad(site: Site): void {
  const { node } = site;
  const mode = textOf(node, "mode", "constant");
  const layout = keptLayout(site, [0]);
  const rank = site.shape(0).length;
  const pads = site.integers(1, "pads") ?? [];
  const axes = (site.integers(3, "axes") ?? pads.slice(pads.length / 2).map((_, at) => at)).map(
    (axis) => positive(axis, rank),
  );
  if (pads.some((pad) => pad < 0)) throw refusal(node, "a negative pad is a Slice");
  const side = (offset: number): readonly number[] => {
    const list = Array.from({ length: rank }, (_, axis) => {
      const at = axes.indexOf(axis);
      return at < 0 ? 0 : (pads[at + offset] ?? 0);
    });
    return storedList(layout, list, 0);
  };
  const [begin, end] = [side(0), side(axes.length)];
  const both = begin.flatMap((pad, axis) => [pad, end[axis] ?? 0]);
  const table = site.constant("pads", int32s(both, [begin.length, 2]));
  const inputs = [site.input(0, layout), table];
  const output = site.output(layout, 0, site.scale(0));
  if (mode === "reflect") {
    site.emit("MIRROR_PAD", inputs, [output], { options: { mode: "REFLECT" } });
    return;
  }
  if (mode !== "constant") throw refusal(node, `padding by ${mode} has no operator`);
  const fill = site.has(2) ? Number(site.need(2, "the value").data[0]) : 0;
  if (fill === 0) site.emit("PAD", inputs, [output]);
  else site.emit("PADV2", [...inputs, site.constant("fill", scalar(fill))], [output]);
}

/** Integers are padded with their zero point: 0. */
const isInt8Pad: NonNullable<Rule["int8"]> = (node, values) => {
  const fill = values.constant(node.inputs[2] ?? "");
  const isConstant = textOf(node, "mode", "constant") === "constant";
  return isConstant && (fill === undefined || Number(fill.data[0]) === 0);
};

const repeating = (op: string): Rule => ({
  write(site) {
    const target = op === "TILE" ? (site.integers(1, "repeats") ?? []) : site.outShape();
    const list = site.constant("shape", int32s(target));
    site.emit(op, [site.input(0, "first"), list], [site.output("first")]);
  },
});

const blocks = (op: string): Rule => ({
  int8: always,
  write(site) {
    const isColumnFirst = textOf(site.node, "mode", "DCR") !== "DCR";
    if (isColumnFirst) throw refusal(site.node, "mode CRD has no operator");
    const options = { block_size: intOf(site.node, "blocksize", 1) };
    const output = site.output("last", 0, site.scale(0));
    site.emit(op, [site.input(0, "last")], [output], { options });
  },
});

/** How operators are written that move elements. */
export const shapingRules: Rules = {
  Reshape: moving(writeReshape),
  Flatten: moving(writeReshape),
  Squeeze: moving(writeReshape),
  Unsqueeze: moving(writeReshape),
  Identity: moving((site) => pass(site, site.input(0, site.native(0)), site.native(0))),
  Transpose: moving(writeTranspose),
  Concat: { write: writeConcat, data: "all", int8: always },
  Split: moving(writeSplit),
  Slice: moving(writeSlice),
  Gather: moving(writeGather),
  Pad: { write: writePad, int8: isInt8Pad },
  Expand: repeating("BROADCAST_TO"),
  Tile: repeating("TILE"),
  DepthToSpace: blocks("DEPTH_TO_SPACE"),
  SpaceToDepth: blocks("SPACE_TO_DEPTH"),
};
