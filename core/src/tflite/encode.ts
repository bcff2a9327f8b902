import { EdgeloopError } from "../platform/errors.ts";
import type { FlatField, FlatFields } from "./flat-writer.ts";
import { writeFlat } from "./flat-writer.ts";
import type {
  TfliteBinding,
  TfliteModel,
  TfliteOperator,
  TfliteSignature,
  TfliteSubgraph,
  TfliteTensor,
} from "./model.ts";
import { codeOfName } from "./operator-codes.ts";
import { writeOptions } from "./operator-options.ts";
import { tfliteFields, tfliteIdentifier, tfliteVersion } from "./schema-fields.ts";
import { tfliteTypes } from "./tensor-types.ts";

/** Where data lies: XNNPACK and TensorFlow Lite Micro read it in place. The schema asks for 16 too. */
const bufferAlign = 16;

/** Things that are listed once and referred to by number. */
type Pool<T> = { readonly items: T[]; indexOf(item: T): number };

type Pools = { readonly codes: Pool<string>; readonly buffers: Pool<Uint8Array> };

/**
 * Writes a model as a .tflite file of schema version 3.
 *
 * Data that several tensors share as one array is written once; buffer 0 is the empty one.
 *
 * @throws `TFLITE_INVALID` for an operator or an option that the schema does not have, `FLATBUFFER_INVALID` for a
 * model that does not fit below 2 GiB.
 */
export function encodeTflite(model: TfliteModel): Uint8Array<ArrayBuffer> {
  const pools: Pools = { codes: pool(), buffers: pool(new Uint8Array()) };
  const subgraphs = model.subgraphs.map((subgraph) => subgraphFields(subgraph, pools));
  const metadata = model.metadata.map(({ name, data }) =>
    table("metadata", { name: text(name), buffer: u32(pools.buffers.indexOf(data)) }),
  );
  const root = table("model", {
    version: u32(tfliteVersion),
    codes: tables(pools.codes.items.map(codeFields)),
    subgraphs: tables(subgraphs),
    description: text(model.description),
    buffers: tables(pools.buffers.items.map(bufferFields)),
    metadata: metadata.length === 0 ? undefined : tables(metadata),
    signatures: model.signatures.length === 0 ? undefined : signaturesField(model.signatures),
  });
  return writeFlat(root, tfliteIdentifier);
}

function pool<T>(...first: readonly T[]): Pool<T> {
  const items = [...first];
  const places = new Map(items.map((item, index) => [item, index]));
  return {
    items,
    indexOf(item) {
      const found = places.get(item);
      if (found !== undefined) return found;
      places.set(item, items.length);
      return items.push(item) - 1;
    },
  };
}

type Tables = typeof tfliteFields;

/** Puts named fields where the schema has them. */
function table<T extends keyof Tables>(
  kind: T,
  fields: { readonly [F in keyof Tables[T]]?: FlatField | undefined },
): FlatFields {
  const numbers: Readonly<Record<string, number>> = tfliteFields[kind];
  const placed: (FlatField | undefined)[] = [];
  for (const [name, field] of Object.entries<FlatField | undefined>(fields)) {
    placed[numbers[name] ?? 0] = field;
  }
  return Array.from(placed);
}

const text = (value: string): FlatField => ({ kind: "text", value });
const u32 = (value: number): FlatField => ({ kind: "number", type: "u32", value });
const i8 = (value: number): FlatField => ({ kind: "number", type: "i8", value });
const i32s = (values: readonly number[]): FlatField => ({ kind: "numbers", type: "i32", values });
const tables = (values: readonly FlatFields[]): FlatField => ({ kind: "tables", values });

/** An operator's number, version and custom name in one key. */
const codeKey = (operator: TfliteOperator): string =>
  JSON.stringify([operator.op, operator.version, operator.custom]);

function codeFields(key: string): FlatFields {
  const [op, version, custom] = JSON.parse(key) as [string, number, string | null];
  const code = codeOfName(op);
  if (code === undefined) {
    throw new EdgeloopError("TFLITE_INVALID", `the schema has no operator ${op}`, {
      details: { op },
    });
  }
  return table("code", {
    // Readers before the wide field take the byte; 127 tells them that it is not enough.
    byte: i8(Math.min(code, 127)),
    custom: custom === null ? undefined : text(custom),
    version: { kind: "number", type: "i32", value: version },
    code: { kind: "number", type: "i32", value: code },
  });
}

const bufferFields = (data: Uint8Array): FlatFields =>
  table("buffer", {
    data: data.length === 0 ? undefined : { kind: "bytes", value: data, align: bufferAlign },
  });

function subgraphFields(subgraph: TfliteSubgraph, pools: Pools): FlatFields {
  return table("subgraph", {
    tensors: tables(subgraph.tensors.map((tensor) => tensorFields(tensor, pools))),
    inputs: i32s(subgraph.inputs),
    outputs: i32s(subgraph.outputs),
    operators: tables(subgraph.operators.map((operator) => operatorFields(operator, pools))),
    name: text(subgraph.name),
  });
}

function tensorFields(tensor: TfliteTensor, { buffers }: Pools): FlatFields {
  const { quantization, shapeSignature, data } = tensor;
  return table("tensor", {
    shape: i32s(tensor.shape),
    type: i8(tfliteTypes.indexOf(tensor.type)),
    buffer: u32(data ? buffers.indexOf(data) : 0),
    name: text(tensor.name),
    quantization: quantization && {
      kind: "table",
      value: table("quantization", {
        scales: { kind: "numbers", type: "f32", values: quantization.scales },
        zeroPoints: { kind: "numbers", type: "i64", values: quantization.zeroPoints },
        axis: { kind: "number", type: "i32", value: quantization.axis },
      }),
    },
    variable: tensor.isVariable ? i8(1) : undefined,
    signature: shapeSignature && i32s(shapeSignature),
    // A scalar's shape is empty, and so is an unknown one: this tells them apart.
    hasRank: i8(1),
  });
}

function operatorFields(operator: TfliteOperator, { codes }: Pools): FlatFields {
  const options = writeOptions(operator.op, operator.options);
  const { customOptions, intermediates } = operator;
  return table("operator", {
    code: u32(codes.indexOf(codeKey(operator))),
    inputs: i32s(operator.inputs),
    outputs: i32s(operator.outputs),
    optionsTag: options && { kind: "number", type: "u8", value: options.tag },
    options: options && { kind: "table", value: options.fields },
    custom: customOptions && { kind: "bytes", value: customOptions, align: 1 },
    intermediates: intermediates && i32s(intermediates),
  });
}

function signaturesField(signatures: readonly TfliteSignature[]): FlatField {
  const bindings = (list: readonly TfliteBinding[]): FlatField =>
    tables(
      list.map(({ name, tensor }) => table("binding", { name: text(name), tensor: u32(tensor) })),
    );
  return tables(
    signatures.map(({ inputs, outputs, key, subgraph }) =>
      table("signature", {
        inputs: bindings(inputs),
        outputs: bindings(outputs),
        key: text(key),
        subgraph: u32(subgraph),
      }),
    ),
  );
}
