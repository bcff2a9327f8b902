import type { ValueInfo } from "../graph/graph.ts";
import { EdgeloopError, hasCode, messageOf } from "../platform/errors.ts";
import { decodeTflite } from "../tflite/decode.ts";
import { encodeTflite } from "../tflite/encode.ts";
import type { TfliteModel, TfliteSubgraph, TfliteTensor } from "../tflite/model.ts";
import { dtypeOfTflite } from "../tflite/tensor-types.ts";
import type { RuntimeErrorCode } from "./runtime-errors.ts";
import { valueInfo } from "./value-info.ts";

/** What a session has to know of a .tflite file; the engines tell none of it. */
export type TfliteFile = {
  /** The file, with what both engines trip over put right. */
  readonly bytes: Uint8Array;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Operators outside the built-in set, by name. */
  readonly customOperators: readonly string[];
  /** Tensors that keep their content from run to run. */
  readonly variables: readonly string[];
};

/**
 * Reads what a session needs of a .tflite file, and mends it.
 *
 * @throws `MODEL_INVALID` when the bytes are no .tflite file, `MODEL_UNSUPPORTED` for inputs or outputs of text.
 */
export function readTfliteFile(file: Uint8Array): TfliteFile {
  const found = decode(file);
  const [main] = found.subgraphs as readonly [TfliteSubgraph];
  const mended = mend(found);
  const all = found.subgraphs.flatMap(({ operators }) => operators);
  const tensors = found.subgraphs.flatMap((subgraph) => subgraph.tensors);
  return {
    bytes: mended === found ? file : encodeTflite(mended),
    inputs: infosOf(main.inputs, main),
    outputs: infosOf(main.outputs, main).map((info, at) => withOpenSizes(info, main, at)),
    customOperators: all.flatMap(({ op, custom }) => (op === "CUSTOM" ? (custom ?? op) : [])),
    variables: tensors.flatMap(({ name, isVariable }) => (isVariable ? name : [])),
  };
}

function decode(file: Uint8Array): TfliteModel {
  try {
    return decodeTflite(file);
  } catch (error) {
    throw unreadable(error);
  }
}

function unreadable(cause: unknown): EdgeloopError<RuntimeErrorCode> {
  const code = hasCode(cause, "TFLITE_UNSUPPORTED") ? "MODEL_UNSUPPORTED" : "MODEL_INVALID";
  const message = `expected a .tflite file that can be read: ${messageOf(cause)}`;
  return new EdgeloopError(code, message, { cause });
}

/**
 * Puts right what the engines refuse: an axis of scales beyond the rank, which older converters wrote; and, since
 * neither engine resizes, sizes that are left open, which become those that the file was converted with. Without
 * signatures both go by the graph's own order and names, as a session does. Gives the same object where nothing is wrong.
 */
function mend(model: TfliteModel): TfliteModel {
  const isFine = (tensor: TfliteTensor): boolean => mendTensor(tensor) === tensor;
  const tensors = model.subgraphs.flatMap((subgraph) => subgraph.tensors);
  if (model.signatures.length === 0 && tensors.every(isFine)) return model;
  return {
    ...model,
    signatures: [],
    subgraphs: model.subgraphs.map((subgraph) => ({
      ...subgraph,
      tensors: subgraph.tensors.map(mendTensor),
    })),
  };
}

function mendTensor(tensor: TfliteTensor): TfliteTensor {
  const { shapeSignature, quantization, ...rest } = tensor;
  const isOpen = shapeSignature?.some((dim) => dim < 0) ?? false;
  const isBeyond =
    quantization !== undefined && quantization.axis >= Math.max(1, rest.shape.length);
  if (!isOpen && !isBeyond) return tensor;
  return {
    ...rest,
    ...(isOpen || shapeSignature === undefined ? {} : { shapeSignature }),
    ...(quantization === undefined
      ? {}
      : { quantization: { ...quantization, axis: isBeyond ? 0 : quantization.axis } }),
  };
}

/**
 * Leaves sizes of an output open that only a run tells. The file states some number for them, which may be wrong: a
 * detector of 4420 boxes says 1. A batch is what its inputs say.
 */
function withOpenSizes(
  info: ValueInfo,
  { outputs, tensors }: TfliteSubgraph,
  at: number,
): ValueInfo {
  const { shapeSignature = [] } = tensors[outputs[at] ?? -1] ?? {};
  if (!shapeSignature.some((dim, axis) => axis > 0 && dim < 0)) return info;
  const shape = (info.shape ?? []).map((dim, axis) =>
    axis > 0 && (shapeSignature[axis] ?? 0) < 0 ? "?" : dim,
  );
  return { ...info, shape };
}

function infosOf(indices: readonly number[], { tensors }: TfliteSubgraph): readonly ValueInfo[] {
  const infos = indices.map((index) => {
    const { name, type, shape } = tensors[index] as TfliteTensor;
    return { ...valueInfo(name, dtypeOfTflite(type), shape), shape };
  });
  if (new Set(infos.map(({ name }) => name)).size === infos.length) return infos;
  throw new EdgeloopError("MODEL_UNSUPPORTED", "inputs and outputs need names of their own", {
    details: { names: infos.map(({ name }) => name) },
  });
}
