import type { Attributes } from "../graph/builder.ts";
import type { Dim, Node } from "../graph/graph.ts";
import type { DType, Tensor } from "../graph/tensor.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { Emitter, FloatType } from "./emitter.ts";

/** What a gradient rule sees of one node: names in, names out. */
export type RuleContext = {
  readonly node: Node;
  /** Gradient of the first output. */
  readonly up: string;
  /** Gradients of all outputs; undefined where none arrives. */
  readonly ups: readonly (string | undefined)[];
  /** Name of the first output. */
  readonly y: string;
  /** Name of an input; `""` when it is left out. */
  x(index: number): string;
  op(op: string, inputs: readonly string[], attributes?: Attributes): string;
  ops(op: string, inputs: readonly string[], count: number, attributes?: Attributes): string[];
  /** A constant scalar of the dtype that the node computes in. */
  number(value: number): string;
  ints(values: readonly number[]): string;
  tensor(tensor: Tensor): string;
  readonly float: FloatType;
  /** Sizes of a value of the forward graph. */
  dims(name: string): readonly Dim[];
  dtype(name: string): DType;
  /** The value of a constant of the graph. */
  constant(name: string): Tensor | undefined;
  /** @throws `GRADIENT_UNSUPPORTED` naming the node and the reason. */
  refuse(reason: string): never;
};

/** Emits the gradient of one input; called only when it is needed. */
export type InputGradient = () => string;

/** One row of the gradient table: how the gradients of a node's inputs follow from those of its outputs. */
export type Rule = (context: RuleContext) => readonly (InputGradient | undefined)[];

/** Makes a function that computes at most once. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Makes the error for what cannot be differentiated. */
export function gradientUnsupported(node: Node, reason: string): EdgeloopError {
  return new EdgeloopError(
    "GRADIENT_UNSUPPORTED",
    `no gradient for ${node.op} (${node.name}): ${reason}`,
    { details: { node: node.name, op: node.op, reason } },
  );
}

/** What a rule is made from. */
export type RuleSource = {
  readonly node: Node;
  readonly ups: readonly (string | undefined)[];
  readonly emit: Emitter;
  /** Dtype and shape of a value of the forward graph. */
  info(name: string): { readonly dtype: DType; readonly shape?: readonly Dim[] } | undefined;
  constant(name: string): Tensor | undefined;
};

/** Builds the context of one node. @throws `GRADIENT_UNSUPPORTED` for one that computes in float16. */
export function ruleContext({ node, ups, emit, info, constant }: RuleSource): RuleContext {
  const refuse = (reason: string): never => {
    throw gradientUnsupported(node, reason);
  };
  const half = node.outputs.find((name) => info(name)?.dtype === "float16");
  if (half !== undefined) refuse(`${half} is float16; cast it to float32`);
  const y = node.outputs[0] ?? "";
  const dtype = (name: string): DType =>
    info(name)?.dtype ?? refuse(`the type of ${name} is unknown`);
  const float = info(y)?.dtype === "float64" ? "float64" : "float32";
  return {
    node,
    ups,
    y,
    float,
    get up() {
      return ups[0] ?? refuse("no gradient arrives at its first output");
    },
    x: (index) => node.inputs[index] ?? "",
    op: emit.op,
    ops: emit.ops,
    number: (value) => emit.number(value, float),
    ints: emit.ints,
    tensor: emit.tensor,
    dims: (name) => info(name)?.shape ?? refuse(`the rank of ${name} is unknown`),
    dtype,
    constant,
    refuse,
  };
}
