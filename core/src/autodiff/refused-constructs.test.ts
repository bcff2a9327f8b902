// What gradients cannot do is refused by code, naming the node and the reason: every reason that the sources give.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { caseOf } from "../../../test/reference/case.ts";
import type { Attributes } from "../graph/builder.ts";
import { graphBuilder, int, ints, text } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { inferValues } from "../graph/infer.ts";
import type { DType, Tensor, Tensors } from "../graph/tensor.ts";
import { f32, i64, scalar } from "../graph/tensor.ts";
import { backward } from "./backward.ts";
import { differentiate } from "./differentiate.ts";
import { dropoutInTraining } from "./dropout.ts";
import { emitter } from "./emitter.ts";

type Options = {
  readonly attributes?: Attributes;
  readonly constants?: readonly string[];
  readonly symbolic?: readonly string[];
  readonly dtypes?: Readonly<Record<string, DType>>;
  /** What is asked for; all float inputs when absent. */
  readonly wrt?: readonly string[];
};

const refused =
  (op: string, tensors: Tensors, { wrt, ...options }: Options = {}) =>
  (): unknown => {
    const { graph } = caseOf(op, tensors, options);
    return differentiate(graph, wrt);
  };

/** Asks the walk itself for the gradient of an input that is no float, which `differentiate` never does. */
const asked =
  (op: string, tensors: Tensors, name: string, options: Options & { outputs?: number } = {}) =>
  (): unknown => {
    const { graph } = caseOf(op, tensors, options);
    const builder = graphBuilder(graph);
    builder.initializer("seed", scalar(1));
    return backward(emitter(builder, "grad"), {
      graph,
      values: inferValues(graph),
      seeds: new Map([[graph.outputs[0]!.name, "seed"]]),
      wrt: new Set([name]),
    });
  };

/** Renames sizes so that they are known only when the graph runs. */
const open = (graph: Graph, name: string, shape: readonly (string | number)[]): Graph => ({
  ...graph,
  inputs: graph.inputs.map((info) => (info.name === name ? { ...info, shape } : info)),
});

const opened =
  (op: string, tensors: Tensors, shape: readonly (string | number)[], options: Options = {}) =>
  (): unknown =>
    differentiate(open(caseOf(op, tensors, options).graph, "x", shape));

const vector = f32([1, 2, 3]);
const image = f32(new Float32Array(16), [1, 1, 4, 4]);
const one = i64([1], []);
const resize = { x: image, roi: f32([0, 0, 0.5, 0, 1, 1, 1, 1]), scales: f32([1, 1, 1, 2]) };
const fixed = { constants: ["roi", "scales"], wrt: ["x"] };
const quantize = (zero: Tensor): Tensors => ({ x: vector, s: scalar(1), zero });
const int8: Tensor = { dtype: "int8", shape: [], data: Int8Array.of(0) };
const bool: Tensor = { dtype: "bool", shape: [], data: Uint8Array.of(1) };

function rows(): Readonly<Record<string, readonly (() => unknown)[]>> {
  const coordinates = (mode: string) => ({ coordinate_transformation_mode: text(mode) });
  return {
    "the operator has no row in the gradient table": [
      refused("Ceil", { x: vector }),
      refused("Mod", { x: vector, b: vector }, { attributes: { fmod: int(1) } }),
      control("If"),
      control("Loop"),
      control("Scan"),
    ],
    "y is float16; cast it to float32": [
      refused("Cast", { x: vector }, { attributes: { to: int(10) }, dtypes: { y: "float16" } }),
    ],
    "the rank of x is unknown": [() => differentiate(unranked())],
    "only between floats": [asked("Cast", { x: i64([1]) }, "x", { attributes: { to: int(1) } })],
    "kernel_shape is missing": [
      () =>
        backward(emitter(graphBuilder("g"), "grad"), {
          graph: withoutKernel(),
          values: new Map([
            ["x", { dtype: "float32", shape: [1, 1, 4] }],
            ["y", { dtype: "float32", shape: [1, 1, 3] }],
          ]),
          seeds: new Map([["y", "seed"]]),
          wrt: new Set(["x"]),
        }),
    ],
    "size L must be known before anything runs": [
      opened("Conv", { x: image, w: f32([1], [1, 1, 1, 1]) }, [1, 1, "L", 4], {
        attributes: { auto_pad: text("SAME_UPPER"), strides: ints([2, 2]) },
      }),
    ],
    "an output longer than all that is written is not supported": [
      refused(
        "ConvTranspose",
        { x: image, w: f32([1], [1, 1, 1, 1]) },
        { attributes: { output_shape: ints([5, 5]) } },
      ),
    ],
    "the number of channels must be known": [
      opened("InstanceNormalization", { x: f32([1, 2, 3], [1, 1, 3]), s: f32([1]), b: f32([1]) }, [
        1,
        "C",
        3,
      ]),
    ],
    "in mode CRD sizes of channels and space must be known": [
      opened("DepthToSpace", { x: f32(new Float32Array(16), [1, 4, 2, 2]) }, [1, 4, "H", 2], {
        attributes: { blocksize: int(2), mode: text("CRD") },
      }),
    ],
    "an axis that one input names twice is not supported": [
      refused("Einsum", { a: f32([1], [1, 1]) }, { attributes: { equation: text("ii->i") } }),
    ],
    "an ellipsis that repeats an input is not supported": [
      refused(
        "Einsum",
        { a: f32([1, 2], [2, 1]), b: f32([1], [1, 1]) },
        { attributes: { equation: text("...i,...i->...") } },
      ),
    ],
    "with no axes it reduces nothing; leave it out": [
      refused("ReduceSum", { x: vector }, { attributes: { noop_with_empty_axes: int(1) } }),
    ],
    "batch_dims are not supported": [
      refused(
        "GatherND",
        { x: f32([1, 2], [2, 1]), i: i64([0, 0], [2, 1]) },
        { attributes: { batch_dims: int(1) } },
      ),
    ],
    "the reduction mul is not supported": [
      refused(
        "ScatterElements",
        { x: vector, i: i64([0]), u: f32([2]) },
        { attributes: { reduction: text("mul") } },
      ),
      refused(
        "ScatterND",
        { x: vector, i: i64([0], [1, 1]), u: f32([2]) },
        { attributes: { reduction: text("mul") } },
      ),
    ],
    "mode other is not supported": [
      refused("Resize", resize, { ...fixed, attributes: { mode: text("other") } }),
      refused(
        "Pad",
        { x: vector, p: i64([1, 1]) },
        { constants: ["p"], attributes: { mode: text("other") } },
      ),
    ],
    "pads must be constants": [
      refused("Pad", { x: vector, p: i64([1, 1]) }, { attributes: { mode: text("edge") } }),
    ],
    "axes must be constants": [
      refused(
        "Pad",
        { x: vector, p: i64([1, 1]), v: scalar(0), axes: i64([0]) },
        { constants: ["p"], attributes: { mode: text("edge") }, wrt: ["x"] },
      ),
    ],
    "the axes that it cuts must be constants": [
      refused("Slice", { x: vector, s: i64([0]), e: i64([1]), axes: i64([0]) }),
    ],
    "how many axes it cuts must be known": [
      refused("Slice", { x: vector, s: i64([0]), e: i64([1]) }, { symbolic: ["s", "e"] }),
    ],
    "this coordinate_transformation_mode is not supported": [
      refused("Resize", resize, { ...fixed, attributes: coordinates("other") }),
    ],
    "antialias is not supported": [
      refused("Resize", resize, {
        ...fixed,
        attributes: { mode: text("linear"), antialias: int(1) },
      }),
    ],
    "a policy for the aspect ratio is not supported": [
      refused("Resize", resize, {
        ...fixed,
        attributes: { keep_aspect_ratio_policy: text("not_larger") },
      }),
    ],
    "a region along an axis that keeps its size": [
      refused("Resize", resize, { ...fixed, attributes: coordinates("tf_crop_and_resize") }),
    ],
    "the region that it samples must be a constant": [
      refused("Resize", resize, {
        constants: ["scales"],
        wrt: ["x"],
        attributes: coordinates("tf_crop_and_resize"),
      }),
    ],
    "sizes along the axes that change must be known": [
      refused("Resize", resize, { constants: ["roi"], wrt: ["x"] }),
    ],
    "quantization parameters are constants": [
      asked("QuantizeLinear", quantize(int8), "s", { dtypes: { y: "int8" } }),
      refused("DequantizeLinear", { q: int8, s: scalar(1) }, { wrt: ["s"] }),
    ],
    "only 8 and 16 bit integers are supported": [
      () => {
        const zero: Tensor = { dtype: "int4", shape: [], data: Uint8Array.of(0) };
        const b = graphBuilder("int4");
        b.input({ name: "x", dtype: "float32", shape: [2] });
        const [s, z] = [b.constant(scalar(1)), b.constant(zero)];
        b.add("DequantizeLinear", [b.add("QuantizeLinear", ["x", s, z]), s, z], { outputs: ["y"] });
        b.output({ name: "y", dtype: "float32" });
        return differentiate(b.build());
      },
    ],
    "scales of blocks are not supported": [
      () => {
        const b = graphBuilder("blocks");
        b.input({ name: "x", dtype: "float32", shape: [4] });
        const scale = b.constant(f32([1, 2]));
        const attributes = { attributes: { axis: int(0), block_size: int(2) } };
        const zero = b.constant({ dtype: "int8", shape: [2], data: Int8Array.of(0, 0) });
        const whole = b.add("QuantizeLinear", ["x", scale, zero], attributes);
        b.add("DequantizeLinear", [whole, scale, zero], { ...attributes, outputs: ["y"] });
        b.output({ name: "y", dtype: "float32" });
        return differentiate(b.build());
      },
    ],
    "its ratio must be a constant in [0, 1)": [
      () =>
        dropoutInTraining(
          caseOf("Dropout", { x: vector, ratio: scalar(2) }, { constants: ["ratio"] }).graph,
        ),
    ],
    "its ratio must be a constant": [
      refused(
        "Dropout",
        { x: vector, ratio: scalar(0.5), mode: bool },
        { constants: ["mode"], wrt: ["x"] },
      ),
    ],
    "its training mode must be a constant": [
      refused("Dropout", { x: vector, "": vector, mode: bool }),
    ],
    "in training mode it must give its mask": [
      refused("Dropout", { x: vector, "": vector, mode: bool }, { constants: ["mode"] }),
    ],
    "a ratio has no gradient": [
      refused("Dropout", { x: vector, ratio: scalar(0.5) }, { wrt: ["ratio"] }),
    ],
    "a mode has no gradient": [
      asked("Dropout", { x: vector, ratio: scalar(0.5), mode: bool }, "mode"),
    ],
    "a region has no gradient": [
      refused("Resize", resize, { constants: ["scales"], wrt: ["roi"] }),
    ],
    "a list of scales has no gradient": [
      refused("Resize", resize, { constants: ["roi"], wrt: ["scales"] }),
    ],
    "a list of sizes has no gradient": [
      asked("Resize", { ...resize, scales: f32([], [0]), sizes: i64([1, 1, 4, 4]) }, "sizes", {
        constants: ["roi", "scales"],
      }),
      asked("Split", { x: vector, sizes: i64([1, 2]) }, "sizes", { outputs: 2 }),
    ],
    "axes have no gradient": [asked("ReduceSum", { x: vector, axes: i64([0]) }, "axes")],
    "indices have no gradient": [asked("Gather", { x: vector, i: one }, "i")],
    "positions have no gradient": [asked("Slice", { x: vector, s: i64([0]), e: i64([1]) }, "s")],
    "an index has no gradient": [
      asked("GatherElements", { x: vector, i: i64([0]) }, "i"),
      asked("GatherND", { x: vector, i: i64([0], [1, 1]) }, "i"),
      asked("ScatterElements", { x: vector, i: i64([0]), u: f32([1]) }, "i"),
    ],
    "a count has no gradient": [
      asked("TopK", { x: vector, k: i64([1]) }, "k", { outputs: 2, dtypes: { y1: "int64" } }),
    ],
    "a shape has no gradient": [
      asked("Reshape", { x: vector, shape: i64([3]) }, "shape"),
      asked("Expand", { x: vector, shape: i64([3]) }, "shape"),
    ],
    "a list of pads has no gradient": [asked("Pad", { x: vector, p: i64([0, 1]) }, "p")],
    "a list of axes has no gradient": [
      asked("Pad", { x: vector, p: i64([0, 1]), v: scalar(0), axes: i64([0]) }, "axes"),
    ],
    "a list of repeats has no gradient": [asked("Tile", { x: vector, r: i64([2]) }, "r")],
    "an axis has no gradient": [asked("CumSum", { x: vector, axis: i64([0], []) }, "axis")],
    "a diagonal has no gradient": [asked("Trilu", { x: f32([1], [1, 1]), k: one }, "k")],
  };
}

/** A value whose rank nobody knows. */
function unranked(): Graph {
  const b = graphBuilder("unranked");
  b.input({ name: "x", dtype: "float32" });
  b.add("Transpose", ["x"], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  return b.build();
}

const withoutKernel = (): Graph => ({
  ...caseOf("AveragePool", { x: f32([1, 2, 3, 4], [1, 1, 4]) }).graph,
});

/** A node with a body that reads `x` from around it, if by nothing else. */
const control = (op: "If" | "Loop" | "Scan") => (): unknown => {
  const b = graphBuilder("control");
  b.input({ name: "x", dtype: "float32", shape: [2] });
  b.input({ name: "go", dtype: "bool", shape: [] });
  const inside = graphBuilder("body");
  if (op === "Loop") {
    inside.input({ name: "i", dtype: "int64", shape: [] });
    inside.input({ name: "on", dtype: "bool", shape: [] });
    inside.add("Identity", ["on"], { outputs: ["next"] });
    inside.output({ name: "next", dtype: "bool" });
  }
  const element = op === "Scan" ? inside.input({ name: "e", dtype: "float32", shape: [] }) : "x";
  inside.add("Exp", [element], { outputs: ["inner"] });
  inside.output({ name: "inner", dtype: "float32" });
  const body = { kind: "graph" as const, value: inside.build() };
  const forms = {
    If: [["go"], { then_branch: body, else_branch: body }],
    Loop: [[b.constant(i64([2], [])), "go"], { body }],
    Scan: [["x"], { body, num_scan_inputs: int(1) }],
  } as const;
  const [inputs, attributes] = forms[op];
  b.add(op, inputs, { attributes, outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  return differentiate(b.build());
};

test.for(
  Object.entries(rows()).flatMap(([reason, makes]) => makes.map((make) => [reason, make] as const)),
)("%s", ([reason, make]) => {
  expect(make).toThrow(
    expect.objectContaining({
      code: "GRADIENT_UNSUPPORTED",
      message: expect.stringMatching(/^no gradient for \w+ \(\S+\): /),
      details: expect.objectContaining({ node: expect.stringMatching(/./), reason }),
    }),
  );
});

/** Reasons that no graph reaches, and the tests that reach them otherwise. */
const elsewhere: Readonly<Record<string, string>> = {
  "no gradient arrives at its first output": "rule.test.ts",
  "the type of … is unknown": "rule.test.ts",
  "its equation is not valid": "inference refuses it first",
};

test("every reason in the sources has a row", () => {
  const here = new URL(".", import.meta.url);
  const sources = readdirSync(here, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => readFileSync(new URL(name, here), "utf8"))
    .join("\n");
  // A reason has more than one word, or is what a helper puts "has no gradient" behind.
  const calls =
    /(?:refuse|gradientUnsupported|noGradient|constantOf)\([^;"`]*?["`]([a-z$][^"`]+)["`]/g;
  const reasons = [...sources.matchAll(calls)].map(([, reason = ""]) => reason);
  expect(reasons.length).toBeGreaterThan(30);
  const known = [...Object.keys(rows()), ...Object.keys(elsewhere)];
  const pattern = (reason: string): RegExp =>
    new RegExp(
      reason
        .split(/\$\{[^}]*\}/)
        .map(escaped)
        .join(".*"),
    );
  expect(reasons.filter((reason) => !known.some((each) => pattern(reason).test(each)))).toEqual([]);
});

const escaped = (words: string): string => words.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
