import type { Attributes, GraphBuilder } from "../../graph/builder.ts";
import { ints } from "../../graph/builder.ts";
import type { Dim } from "../../graph/graph.ts";
import { i64, scalar } from "../../graph/tensor.ts";
import { EdgeloopError } from "../../platform/errors.ts";
import type { TfliteOperator, TfliteOption, TfliteTensor } from "../model.ts";
import { integersOf } from "./constants.ts";
import type { Importing, Layout } from "./values.ts";
import {
  constantValue,
  dequantize,
  dimsOf,
  isAt,
  isQuantized,
  nameOf,
  quantized,
  rawOf,
  realOf,
  rounded,
  scalesOf,
  shareScales,
  tensorAt,
} from "./values.ts";

/** An operator in its place: what its row of the import table may ask and do. */
export type Site = Asking & {
  readonly operator: TfliteOperator;
  readonly builder: GraphBuilder;
  add(op: string, inputs: readonly string[], attributes?: Attributes): string;
  addMany(op: string, inputs: readonly string[], options: ManyOptions): readonly string[];
  /** Adds int64 numbers, which ONNX takes for shapes, axes and sizes. */
  list(values: readonly number[]): string;
  /** Adds a float scalar. */
  float(value: number): string;
  /** Rounds real numbers to a quantized input's integers and back; leaves them where it is not quantized. */
  round(input: number, value: string): string;
  /** Says what an output is, before the fused activation and before rounding where it is quantized. */
  give(output: number, value: string, form?: Form): void;
  /** As `give`, for operators that apply the activation within themselves. */
  giveAsIs(output: number, value: string, form?: Form): void;
};

/** How a row reads and gives values. */
export type Form = {
  readonly layout: Layout;
  /** The input whose integers are moved as they are; absent where values are real numbers. */
  readonly raw?: number;
};

/** Channels last and first, in real numbers. */
export const forms: Readonly<Record<Layout, Form>> = {
  last: { layout: "last" },
  first: { layout: "first" },
};

/** What a row may ask. */
type Asking = {
  has(input: number): boolean;
  /** @throws `TFLITE_INVALID` when it is left out. */
  tensor(input: number): TfliteTensor;
  /** @throws `TFLITE_INVALID` when it is left out. */
  output(output: number): TfliteTensor;
  /** Dimensions of an input; one that is open in the file is a name. */
  shape(input: number): readonly Dim[];
  /** Content of an integer input. @throws `TFLITE_UNSUPPORTED` when it is computed. */
  integers(input: number, what: string): readonly number[];
  /** Name of an input's value: real numbers where it is quantized and the form does not say otherwise. */
  read(input: number, form?: Form): string;
  /** As `read`, with axes in another order; a constant is laid out anew. */
  readPermuted(input: number, order: readonly number[]): string;
  /** Real numbers of what was made from an input's integers by moving them. */
  real(input: number, raw: string): string;
  /** Channels first when these inputs are so already, so that nothing needs to be moved. */
  follow(inputs: readonly number[]): Form;
  /** For operators that only move values: bytes go as they are where inputs share a scale. */
  move(inputs: readonly number[], layout?: Layout): Form;
  /** Whether an input's integers can be an output's as they are. */
  isMoved(input: number, output: number): boolean;
  /** What stands for 0 among an input's values: nothing to say where it is 0. */
  zero(input: number, form: Form): string;
  number(option: string): number;
  flag(option: string): boolean;
  text(option: string): string;
  numbers(option: string): readonly number[];
  /** Makes the error for what the format has and edgeloop does not import. */
  refuse(problem: string): EdgeloopError;
  /** Makes the error for what the format does not allow. */
  invalid(problem: string): EdgeloopError;
};

/** What a node with several outputs has beside its inputs. */
type ManyOptions = { readonly count: number; readonly attributes?: Attributes };

/** Puts an operator in its place. */
export function siteOf(importing: Importing, operator: TfliteOperator, index: number): Site {
  const { builder, subgraph } = importing;
  const asking = askingOf(importing, operator, index);
  const [first = 0] = operator.outputs;
  const stem = nameOf(tensorAt(subgraph, first), first);
  const add: Site["add"] = (op, inputs, attributes = {}) =>
    builder.add(op, inputs, { attributes, name: `${stem}/${op}` });
  const constants = new Map<string, string>();
  const once = (key: string, make: () => string): string => {
    const name = constants.get(key) ?? make();
    constants.set(key, name);
    return name;
  };
  const giveAsIs: Site["giveAsIs"] = (output, value, { layout, raw: source } = forms.last) => {
    const place = operator.outputs[output];
    if (place === undefined) throw asking.invalid(`output ${output} is missing`);
    if (isAt(importing, place, "last") || isAt(importing, place, "first")) {
      throw asking.invalid(`output ${output} is computed twice`);
    }
    const isRounded = source === undefined && isQuantized(tensorAt(subgraph, place));
    const raw = isRounded ? quantized(importing, place, value) : value;
    importing.names.set(`${place}:raw:${layout}`, raw);
  };
  return {
    ...asking,
    operator,
    builder,
    add,
    addMany: (op, inputs, { count, attributes = {} }) =>
      builder.addMany(op, inputs, count, { attributes, name: `${stem}/${op}` }),
    list: (values) => once(`${values}`, () => builder.constant(i64(values), `${stem}/list`)),
    round(input, value) {
      const place = operator.inputs[input] ?? -1;
      return asking.has(input) && isQuantized(asking.tensor(input))
        ? rounded(importing, place, value)
        : value;
    },
    float: (value) =>
      once(`float ${value}`, () => builder.constant(scalar(value), `${stem}/number`)),
    give(output, value, form = forms.last) {
      const { raw: source, layout } = form;
      if (source !== undefined && asking.isMoved(source, output)) {
        giveAsIs(output, value, form);
        return;
      }
      const real = source === undefined ? value : asking.real(source, value);
      giveAsIs(output, activate({ ...asking, add, builder }, real, operator), { layout });
    },
    giveAsIs,
  };
}

function askingOf(importing: Importing, operator: TfliteOperator, index: number): Asking {
  const { subgraph } = importing;
  const problem = (code: string, text: string): EdgeloopError =>
    new EdgeloopError(code, `${operator.op} (operator ${index}): ${text}`, {
      details: { operator: operator.op, index },
    });
  const invalid = (text: string): EdgeloopError => problem("TFLITE_INVALID", text);
  const refuse = (text: string): EdgeloopError => problem("TFLITE_UNSUPPORTED", text);
  const placeOf = (input: number): number => {
    const place = operator.inputs[input] ?? -1;
    if (place < 0) throw invalid(`input ${input} is missing`);
    return place;
  };
  const tensor = (input: number): TfliteTensor => tensorAt(subgraph, placeOf(input));
  const layoutOf = (inputs: readonly number[]): Layout => {
    const computed = inputs.filter((input) => !tensor(input).data);
    const fits = inputs.every((input) => tensor(input).shape.length <= 4);
    const areFirst = computed.every((input) => isAt(importing, placeOf(input), "first"));
    return fits && areFirst && computed.length > 0 ? "first" : "last";
  };
  const real = (input: number, raw: string): string =>
    isQuantized(tensor(input)) ? dequantize(importing, placeOf(input), raw) : raw;
  const known = (value: string | undefined, input: number): string => {
    if (value !== undefined) return value;
    throw invalid(`input ${input} is read before it is computed`);
  };
  return {
    has: (input) => (operator.inputs[input] ?? -1) >= 0,
    tensor,
    output(output) {
      const place = operator.outputs[output];
      if (place === undefined) throw invalid(`output ${output} is missing`);
      return tensorAt(subgraph, place);
    },
    shape: (input) => dimsOf(tensor(input)),
    integers(input, what) {
      const found = integersOf(tensor(input));
      if (found === undefined) throw refuse(`${what} must be a constant of integers`);
      return found;
    },
    read(input, { layout, raw } = forms.last) {
      const value = (raw === undefined ? realOf : rawOf)(importing, placeOf(input), layout);
      return known(value, input);
    },
    readPermuted(input, order) {
      const place = placeOf(input);
      if (tensor(input).shape.length !== order.length) {
        throw invalid(`input ${input} must have rank ${order.length}`);
      }
      const constant = constantValue(importing, place, order);
      if (constant !== undefined) return constant;
      const raw = known(rawOf(importing, place, "last"), input);
      return real(
        input,
        importing.builder.add("Transpose", [raw], { attributes: { perm: ints(order) } }),
      );
    },
    real,
    follow: (inputs) => forms[layoutOf(inputs)],
    move(inputs, layout = "last") {
      const [first = 0] = inputs;
      return isByte(tensor(first)) && shareScales(inputs.map(tensor))
        ? { layout, raw: first }
        : { layout };
    },
    isMoved(input, output) {
      const result = tensorAt(subgraph, operator.outputs[output] ?? -1);
      return !hasActivation(operator) && shareScales([tensor(input), result]);
    },
    zero: (input, { raw }) =>
      raw !== undefined && isQuantized(tensor(input))
        ? (scalesOf(importing, placeOf(input))[1] ?? "")
        : "",
    ...settingsOf(operator, invalid),
    refuse,
    invalid,
  };
}

type Settings = Pick<Asking, "number" | "flag" | "text" | "numbers">;

function settingsOf(operator: TfliteOperator, invalid: Asking["invalid"]): Settings {
  const option = <T extends TfliteOption>(
    name: string,
    isKind: (value: TfliteOption | undefined) => value is T,
  ): T => {
    const value = operator.options[name];
    if (isKind(value)) return value;
    throw invalid(`option ${name} is missing`);
  };
  return {
    number: (name) => option(name, (value) => typeof value === "number"),
    flag: (name) => option(name, (value) => typeof value === "boolean"),
    text: (name) => option(name, (value) => typeof value === "string"),
    numbers: (name) => option(name, (value) => typeof value === "object"),
  };
}

/** Runtimes move bytes wherever they go, other integers not with every operator. */
const isByte = ({ type }: TfliteTensor): boolean => type === "int8" || type === "uint8";

const hasActivation = ({ options }: TfliteOperator): boolean =>
  (options["fused_activation_function"] ?? "NONE") !== "NONE";

type Activating = Pick<Site, "add" | "builder" | "refuse">;

function activate(site: Activating, value: string, { options }: TfliteOperator): string {
  const clip = (low: number, high: number): string =>
    site.add("Clip", [
      value,
      site.builder.constant(scalar(low), `${value}/low`),
      site.builder.constant(scalar(high), `${value}/high`),
    ]);
  const kind = options["fused_activation_function"] ?? "NONE";
  switch (kind) {
    case "NONE":
      return value;
    case "RELU":
      return site.add("Relu", [value]);
    case "RELU_N1_TO_1":
      return clip(-1, 1);
    case "RELU6":
      return clip(0, 6);
    case "TANH":
      return site.add("Tanh", [value]);
    default:
      throw site.refuse(`the fused activation ${String(kind)} is not imported`);
  }
}
