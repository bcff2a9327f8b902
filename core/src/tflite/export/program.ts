import type { Tensor } from "../../graph/tensor.ts";
import { bytesOf } from "../../platform/bytes.ts";
import type {
  TfliteModel,
  TfliteOperator,
  TfliteOptions,
  TfliteQuantization,
  TfliteTensor,
  TfliteType,
} from "../model.ts";
import { versionOf } from "./versions.ts";

/** A tensor to add. */
export type TensorSpec = {
  readonly name: string;
  readonly type: TfliteType;
  readonly shape: readonly number[];
  readonly quantization?: TfliteQuantization | undefined;
  readonly data?: Uint8Array;
};

/** What an operator is beside its tensors. */
export type OperatorSpec = { readonly options?: TfliteOptions; readonly version?: number };

/** A model that grows. Tensors are their numbers. */
export type Program = {
  tensor(spec: TensorSpec): number;
  constant(name: string, tensor: Tensor, quantization?: TfliteQuantization): number;
  emit(
    op: string,
    inputs: readonly number[],
    outputs: readonly number[],
    spec?: OperatorSpec,
  ): void;
  of(tensor: number): TfliteTensor;
  rename(tensor: number, name: string): void;
  /** Gives a tensor the name of an output, which it keeps. */
  take(tensor: number, name: string): void;
  isTaken(tensor: number): boolean;
  /** Whether an operator makes the tensor: neither an input nor a constant. */
  isMade(tensor: number): boolean;
  model(ends: {
    readonly inputs: readonly number[];
    readonly outputs: readonly number[];
  }): TfliteModel;
};

/** Starts an empty model. */
export function startProgram(name: string): Program {
  const tensors: TfliteTensor[] = [];
  const operators: TfliteOperator[] = [];
  const made = new Set<number>();
  const taken = new Set<number>();
  const of = (tensor: number): TfliteTensor => tensors[tensor] as TfliteTensor;
  const add: Program["tensor"] = ({ quantization, data, ...rest }) =>
    tensors.push({
      ...rest,
      isVariable: false,
      ...(quantization === undefined ? {} : { quantization }),
      ...(data === undefined ? {} : { data }),
    }) - 1;
  return {
    of,
    tensor: add,
    constant: (label, { dtype, shape, data }, quantization) =>
      add({
        name: label,
        type: dtype as TfliteType,
        shape,
        quantization,
        data: bytesOf(data as Exclude<Tensor["data"], readonly string[]>),
      }),
    emit(op, inputs, outputs, { options = {}, version } = {}) {
      const isInt8 = [...inputs, ...outputs].some((at) => at >= 0 && of(at).type === "int8");
      operators.push({ op, version: version ?? versionOf(op, isInt8), inputs, outputs, options });
      for (const output of outputs) made.add(output);
    },
    rename(tensor, label) {
      tensors[tensor] = { ...of(tensor), name: label };
    },
    take(tensor, label) {
      taken.add(tensor);
      tensors[tensor] = { ...of(tensor), name: label };
    },
    isTaken: (tensor) => taken.has(tensor),
    isMade: (tensor) => made.has(tensor),
    model: (ends) => withoutUnused({ tensors, operators, ...ends, name }),
  };
}

/** Drops what no output needs; numbers of tensors move up. */
function withoutUnused(subgraph: TfliteModel["subgraphs"][number]): TfliteModel {
  const needed = new Set([...subgraph.inputs, ...subgraph.outputs]);
  const operators: TfliteOperator[] = [];
  for (const operator of subgraph.operators.toReversed()) {
    if (!operator.outputs.some((tensor) => needed.has(tensor))) continue;
    operators.unshift(operator);
    for (const tensor of [...operator.inputs, ...operator.outputs]) needed.add(tensor);
  }
  const kept = subgraph.tensors.map((_, tensor) => tensor).filter((tensor) => needed.has(tensor));
  const numbers = new Map(kept.map((tensor, number) => [tensor, number]));
  const renumber = (list: readonly number[]): readonly number[] =>
    list.map((tensor) => (tensor < 0 ? tensor : (numbers.get(tensor) ?? 0)));
  return {
    description: "written by edgeloop",
    metadata: [],
    signatures: [],
    subgraphs: [
      {
        name: subgraph.name,
        tensors: kept.map((tensor) => subgraph.tensors[tensor] as TfliteTensor),
        inputs: renumber(subgraph.inputs),
        outputs: renumber(subgraph.outputs),
        operators: operators.map((operator) => ({
          ...operator,
          inputs: renumber(operator.inputs),
          outputs: renumber(operator.outputs),
        })),
      },
    ],
  };
}
