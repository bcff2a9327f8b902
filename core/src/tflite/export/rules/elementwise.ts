import { floatOf, textOf } from "../../../graph/attributes.ts";
import { scalar } from "../../../graph/tensor.ts";
import type { TfliteQuantization } from "../../model.ts";
import { tfliteTypes } from "../../tensor-types.ts";
import { activationOf, boundsOf } from "../decide.ts";
import type { Layout } from "../layout.ts";
import { hasChannels } from "../layout.ts";
import { refusal } from "../refusal.ts";
import type { Rule, Rules, Site } from "../site.ts";

const always = (): boolean => true;
const unfused = { options: { fused_activation_function: "NONE" } };

/** One operator for one operator, whatever the layout. */
const unary = (
  op: string,
  options: (site: Site) => Record<string, number | boolean> = () => ({}),
): Rule => ({
  write(site) {
    const layout = site.native(0);
    const input = site.input(0, layout);
    site.emit(op, [input], [site.output(layout)], { options: options(site) });
  },
});
const unaryInt8 = (
  op: string,
  options?: (site: Site) => Record<string, number | boolean>,
): Rule => ({
  ...unary(op, options),
  int8: always,
});

/** Operators whose int8 results have a scale of their own, whatever the graph says; they are rescaled after it. */
const fixed = (op: string, quantization: TfliteQuantization): Rule => ({
  int8: always,
  write(site) {
    const layout = site.native(0);
    const input = site.input(0, layout);
    site.emit(op, [input], [site.output(layout, 0, ownScale(site, quantization))]);
  },
});

/** The scale that an operator prescribes; the graph's own where it is the same. */
export function ownScale(
  site: Site,
  quantization: TfliteQuantization,
): TfliteQuantization | undefined {
  if (!site.isInt8) return undefined;
  const wanted = site.outScale();
  const isSame =
    wanted?.scales[0] === quantization.scales[0] &&
    wanted?.zeroPoints[0] === quantization.zeroPoints[0];
  return isSame ? wanted : quantization;
}

/** What int8 results in [0, 1) mean: Softmax and Logistic. */
export const unitScale: TfliteQuantization = { scales: [1 / 256], zeroPoints: [-128], axis: 0 };
const tanhScale: TfliteQuantization = { scales: [1 / 128], zeroPoints: [0], axis: 0 };

/** The layout in which operands of a broadcast meet: channels last, where one is so and all have the same rank. */
function meetingLayout(site: Site, inputs: readonly number[]): Layout {
  const rank = site.outShape().length;
  const computed = inputs.filter((input) => !isConstant(site, input));
  const isLast = computed.some((input) => site.native(input) === "last");
  const isEven = computed.every((input) => site.shape(input).length === rank);
  return isLast && isEven && hasChannels(rank) ? "last" : "first";
}

const isConstant = ({ values, node }: Site, input: number): boolean =>
  values.constant(node.inputs[input] ?? "") !== undefined;

/** An operand in a layout: a constant of a lower rank gets the missing axes before it. */
function operand(site: Site, input: number, layout: Layout): number {
  const { node, values } = site;
  const name = node.inputs[input] ?? "";
  const shape = site.shape(input);
  const rank = site.outShape().length;
  if (layout === "first" || shape.length === rank) return site.input(input, layout);
  const full = [...new Array<number>(rank - shape.length).fill(1), ...shape];
  const source = (site.isInt8 ? values.integers(name) : undefined) ?? name;
  return values.fixed(source, full, layout);
}

const binary = (op: string, { isFused = false, int8 = false } = {}): Rule => ({
  data: "two",
  ...(int8 ? { int8: always } : {}),
  ...(isFused ? { fuses: true as const } : {}),
  write(site) {
    const layout = meetingLayout(site, [0, 1]);
    const inputs = [operand(site, 0, layout), operand(site, 1, layout)];
    const options = isFused ? { fused_activation_function: site.activation } : {};
    site.emit(op, inputs, [site.output(layout)], { options });
  },
});

/** An operator over two operands, applied to any number of them. */
const folded = (op: string): Rule => ({
  write(site) {
    const all = site.node.inputs.map((_, at) => at);
    const layout = meetingLayout(site, all);
    const output = site.output(layout);
    const [first = 0, ...rest] = all.map((at) => operand(site, at, layout));
    if (rest.length === 0) throw refusal(site.node, "one operand alone needs no operator");
    rest.reduce((made, next, at) => {
      const isLast = at === rest.length - 1;
      const to = isLast ? output : site.between(site.program.of(output).shape, output);
      site.emit(op, [made, next], [to], op === "ADD" ? unfused : {});
      return to;
    }, first);
  },
});

function writePRelu(site: Site): void {
  const { values, node, program } = site;
  const layout = meetingLayout(site, [0]);
  const rank = site.outShape().length;
  site.need(1, "the slopes");
  const full = [...new Array<number>(rank - site.shape(1).length).fill(1), ...site.shape(1)];
  if (full.length > 0 && full[0] !== 1)
    throw refusal(node, "slopes must not differ between examples");
  const slopes = program.of(values.fixed(node.inputs[1] ?? "", full, layout));
  // Its kernels want slopes for the axes of an example alone.
  const { data = new Uint8Array() } = slopes;
  const spec = { name: slopes.name, type: slopes.type, data, shape: slopes.shape.slice(1) };
  const narrow = program.tensor(spec);
  site.emit("PRELU", [site.input(0, layout), narrow], [site.output(layout)]);
}

function writeClip(site: Site): void {
  const { node, values } = site;
  const bounds = boundsOf(node, values);
  if (bounds === undefined) throw refusal(node, "bounds must be constant");
  const activation = activationOf(bounds);
  if (activation !== undefined) {
    unary(activation).write(site);
    return;
  }
  const layout = site.native(0);
  const output = site.output(layout);
  const { shape } = site.program.of(output);
  const low = site.between(shape, output);
  const lower = Math.max(bounds.low, -3.4028234663852886e38);
  const upper = Math.min(bounds.high, 3.4028234663852886e38);
  site.emit("MAXIMUM", [site.input(0, layout), site.constant("low", scalar(lower))], [low]);
  site.emit("MINIMUM", [low, site.constant("high", scalar(upper))], [output]);
}

/** Bounds that are an activation's have int8 kernels. */
const isInt8Clip: NonNullable<Rule["int8"]> = (node, values) => {
  const bounds = boundsOf(node, values);
  return bounds !== undefined && activationOf(bounds) !== undefined;
};

function writeWhere(site: Site): void {
  const layout = meetingLayout(site, [0, 1, 2]);
  const inputs = [0, 1, 2].map((at) => operand(site, at, layout));
  site.emit("SELECT_V2", inputs, [site.output(layout)]);
}

function writeCast(site: Site): void {
  const layout = site.native(0);
  const output = site.output(layout);
  const input = site.input(0, layout);
  const typeOf = (tensor: number): number => tfliteTypes.indexOf(site.program.of(tensor).type);
  const options = { in_data_type: typeOf(input), out_data_type: typeOf(output) };
  site.emit("CAST", [input], [output], { options });
}

/** How operators are written that compute each element by itself. */
export const elementwiseRules: Rules = {
  Abs: unary("ABS"),
  Neg: unary("NEG"),
  Sqrt: unary("SQRT"),
  Exp: unary("EXP"),
  Log: unary("LOG"),
  Sin: unary("SIN"),
  Cos: unary("COS"),
  Floor: unary("FLOOR"),
  Ceil: unary("CEIL"),
  Round: unary("ROUND"),
  Not: unary("LOGICAL_NOT"),
  Relu: unaryInt8("RELU"),
  LeakyRelu: unaryInt8("LEAKY_RELU", ({ node }) => ({ alpha: floatOf(node, "alpha", 0.01) })),
  HardSwish: unaryInt8("HARD_SWISH"),
  Elu: unary("ELU"),
  Gelu: unary("GELU", ({ node }) => ({
    approximate: textOf(node, "approximate", "none") === "tanh",
  })),
  Sigmoid: fixed("LOGISTIC", unitScale),
  Tanh: fixed("TANH", tanhScale),
  Clip: { write: writeClip, int8: isInt8Clip },
  PRelu: { write: writePRelu },
  Add: binary("ADD", { isFused: true, int8: true }),
  Sub: binary("SUB", { isFused: true, int8: true }),
  Mul: binary("MUL", { isFused: true, int8: true }),
  Div: binary("DIV", { isFused: true }),
  Pow: binary("POW"),
  Equal: binary("EQUAL"),
  Less: binary("LESS"),
  LessOrEqual: binary("LESS_EQUAL"),
  Greater: binary("GREATER"),
  GreaterOrEqual: binary("GREATER_EQUAL"),
  And: binary("LOGICAL_AND"),
  Or: binary("LOGICAL_OR"),
  Max: folded("MAXIMUM"),
  Min: folded("MINIMUM"),
  Sum: folded("ADD"),
  Where: { write: writeWhere },
  Cast: { write: writeCast },
};
