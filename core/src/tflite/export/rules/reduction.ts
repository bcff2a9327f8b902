import { intOf } from "../../../graph/attributes.ts";
import { tfliteTypes } from "../../tensor-types.ts";
import type { Layout } from "../layout.ts";
import { storedAxis } from "../layout.ts";
import { int32s, reshapeInto, transposed } from "../moves.ts";
import { refusal } from "../refusal.ts";
import type { Rule, Rules, Site } from "../site.ts";
import { ownScale, unitScale } from "./elementwise.ts";

type Axes = { readonly axes: readonly number[]; readonly keeps: boolean };

function axesOf(site: Site): Axes {
  const rank = site.shape(0).length;
  const given = site.integers(1, "axes") ?? [];
  const none = intOf(site.node, "noop_with_empty_axes", 0) === 1;
  if (given.length === 0 && none) throw refusal(site.node, "a reduction of nothing is an Identity");
  const all = Array.from({ length: rank }, (_, axis) => axis);
  const axes = given.length === 0 ? all : given.map((axis) => (axis < 0 ? axis + rank : axis));
  return { axes, keeps: intOf(site.node, "keepdims", 1) === 1 };
}

/** The layout a reduction works in: channels last, unless axes go away that are not all of the positions. */
function reducedLayout(site: Site, { axes, keeps }: Axes): Layout {
  if (site.native(0) !== "last") return "first";
  const rank = site.shape(0).length;
  const positions = Array.from({ length: rank - 2 }, (_, at) => at + 2);
  return keeps || positions.every((axis) => axes.includes(axis)) ? "last" : "first";
}

const reduction = (
  op: string,
  options: { readonly before?: string; readonly after?: string; readonly int8?: boolean } = {},
): Rule => ({
  ...(options.int8 ? { int8: () => true } : {}),
  write(site) {
    const how = axesOf(site);
    const layout = reducedLayout(site, how);
    const shape = site.shape(0);
    const stored = how.axes.map((axis) => storedAxis(layout, shape.length, axis));
    const extra = layout === "last" && shape.length === 3 && !how.keeps ? [1] : [];
    const axes = site.constant("axes", int32s([...stored, ...extra].toSorted((a, b) => a - b)));
    const input = before(site, options.before, site.input(0, layout));
    const outLayout = how.keeps ? layout : "first";
    const output = site.output(outLayout, 0, op === "MEAN" ? site.outScale() : site.scale(0));
    const made =
      options.after === undefined ? output : site.between(site.program.of(output).shape, output);
    site.emit(op, [input, axes], [made], { options: { keep_dims: how.keeps } });
    if (options.after !== undefined) site.emit(options.after, [made], [output]);
  },
});

function before(site: Site, op: string | undefined, input: number): number {
  if (op === undefined) return input;
  const to = site.between(site.program.of(input).shape, input);
  site.emit(
    op,
    op === "MUL" ? [input, input] : [input],
    [to],
    op === "MUL" ? { options: { fused_activation_function: "NONE" } } : {},
  );
  return to;
}

/** Softmax goes over the last axis of its tensor alone. */
function writeSoftmax(op: "SOFTMAX" | "LOG_SOFTMAX"): (site: Site) => void {
  return (site) => {
    const shape = site.shape(0);
    const given = intOf(site.node, "axis", -1);
    const axis = given < 0 ? given + shape.length : given;
    const layout = axis === 1 && (shape.length === 3 || shape.length === 4) ? "last" : "first";
    const options = op === "SOFTMAX" ? { beta: 1 } : {};
    const output = site.output(layout, 0, ownScale(site, unitScale));
    const input = site.input(0, layout);
    if (layout === "last" || axis === shape.length - 1) {
      site.emit(op, [input], [output], { options });
      return;
    }
    // Any other axis is exchanged with the last one, and back.
    const exchange = shape.map((_, at) => at);
    exchange[axis] = shape.length - 1;
    exchange[shape.length - 1] = axis;
    const moved = transposed(site.program, input, exchange);
    const made = site.between(site.program.of(moved).shape, output);
    site.emit(op, [moved], [made], { options });
    reshapeInto(site.program, transposed(site.program, made, exchange), output);
  };
}

const extreme = (op: "ARG_MAX" | "ARG_MIN"): Rule => ({
  write(site) {
    if (intOf(site.node, "select_last_index", 0) === 1) {
      throw refusal(site.node, "the first of equals is taken, not the last");
    }
    const shape = site.shape(0);
    const given = intOf(site.node, "axis", 0);
    const axis = given < 0 ? given + shape.length : given;
    const rest = shape.filter((_, at) => at !== axis);
    const output = site.output("first");
    const made = site.between(rest, output);
    const inputs = [site.input(0, "first"), site.constant("axis", int32s([axis], []))];
    site.emit(op, inputs, [made], { options: { output_type: tfliteTypes.indexOf("int64") } });
    reshapeInto(site.program, made, output);
  },
});

function writeCumSum(site: Site): void {
  const rank = site.shape(0).length;
  const [given = 0] = site.integers(1, "the axis") ?? [];
  const axis = site.constant("axis", int32s([given < 0 ? given + rank : given], []));
  const options = {
    exclusive: intOf(site.node, "exclusive", 0) === 1,
    reverse: intOf(site.node, "reverse", 0) === 1,
  };
  site.emit("CUMSUM", [site.input(0, "first"), axis], [site.output("first")], { options });
}

/** How operators are written that take several elements together. */
export const reductionRules: Rules = {
  ReduceMean: reduction("MEAN", { int8: true }),
  ReduceSum: reduction("SUM"),
  ReduceMax: reduction("REDUCE_MAX"),
  ReduceMin: reduction("REDUCE_MIN"),
  ReduceProd: reduction("REDUCE_PROD"),
  ReduceL1: reduction("SUM", { before: "ABS" }),
  ReduceL2: reduction("SUM", { before: "MUL", after: "SQRT" }),
  ReduceLogSum: reduction("SUM", { after: "LOG" }),
  ReduceSumSquare: reduction("SUM", { before: "MUL" }),
  Softmax: { write: writeSoftmax("SOFTMAX"), int8: () => true },
  LogSoftmax: { write: writeSoftmax("LOG_SOFTMAX") },
  ArgMax: extreme("ARG_MAX"),
  ArgMin: extreme("ARG_MIN"),
  CumSum: { write: writeCumSum },
};
