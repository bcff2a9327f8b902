// Everything that reading .onnx files refuses, one construct a row: what it says, and the bytes that provoke it.
import type { Attributes } from "../core/src/graph/builder.ts";
import { int } from "../core/src/graph/builder.ts";
import { onnxFields } from "../core/src/graph/onnx-fields.ts";
import { decodeOnnx } from "../core/src/graph/onnx-read.ts";
import { readMessage } from "../core/src/graph/protobuf-reader.ts";
import type { MessageWriter } from "../core/src/graph/protobuf-writer.ts";
import { messageWriter } from "../core/src/graph/protobuf-writer.ts";
import { protobufListMax } from "../core/src/platform/limits.ts";
import type { Refused } from "./graph-refusals.ts";
import { data, oldFile } from "./old-onnx.ts";

type Write = (writer: MessageWriter) => void;
const { model, graph, node, attribute, tensor, value, entry } = onnxFields;

const bytesOf = (write: Write): Uint8Array => {
  const writer = messageWriter();
  write(writer);
  return writer.finish();
};

/** Reads a model of an opset whose graph is as it is written. */
const reading =
  (write: Write, more: Write = () => undefined, opset = 21) =>
  (): unknown =>
    decodeOnnx(
      bytesOf((writer) => {
        writer.message(model.graph, write);
        writer.message(model.opsets, (inner) => inner.int(onnxFields.opset.version, opset));
        more(writer);
      }),
    );

const withNode =
  (write: Write): Write =>
  (g) =>
    g.message(graph.nodes, write);
const withAttribute = (write: Write): Write => withNode((n) => n.message(node.attributes, write));
const withTensor =
  (write: Write): Write =>
  (g) =>
    g.message(graph.initializers, (t) => {
      t.int(tensor.dtype, 1);
      write(t);
    });
const withEntries =
  (entries: Readonly<Record<string, string>>): Write =>
  (g) =>
    withTensor((t) => {
      t.ints(tensor.dims, [1]);
      for (const [key, text] of Object.entries(entries)) {
        t.message(tensor.external, (inner) => {
          inner.text(entry.key, key);
          inner.text(entry.value, text);
        });
      }
    })(g);

const nested = (depth: number): Write =>
  withAttribute((a) => {
    a.int(attribute.type, 5);
    a.message(attribute.graph, depth === 0 ? () => undefined : nested(depth - 1));
  });

const old =
  (opset: number, op: string, attributes: Attributes, outputs = 1) =>
  (): unknown =>
    decodeOnnx(oldFile(opset, op, { x: data(2, 3, 4), attributes, outputs }));

const protobuf: readonly Refused[] = [
  [
    "PROTOBUF_INVALID",
    "expected a length-delimited field",
    () => readMessage(Uint8Array.of(8, 1)).bytes(1),
  ],
  [
    "PROTOBUF_INVALID",
    "too many numbers in a list",
    () => readMessage(bytesOf((w) => w.bytes(1, new Uint8Array(protobufListMax + 1)))).ints(1),
  ],
  [
    "PROTOBUF_INVALID",
    "expected a fixed-width field",
    () => readMessage(Uint8Array.of(8, 1)).float(1),
  ],
  [
    "PROTOBUF_INVALID",
    "a field is longer than its message",
    () => readMessage(Uint8Array.of(10, 9)),
  ],
  ["PROTOBUF_INVALID", "unknown wire type", () => readMessage(Uint8Array.of(11))],
  [
    "PROTOBUF_INVALID",
    "too many fields",
    () => readMessage(Uint8Array.of(8, 1, 8, 1), { fields: 1 }),
  ],
  ["PROTOBUF_INVALID", "field number out of range", () => readMessage(Uint8Array.of(0, 1))],
  ["PROTOBUF_INVALID", "a varint does not end", () => readMessage(Uint8Array.of(8, 255))],
  [
    "PROTOBUF_INVALID",
    "expected an integer field",
    () => readMessage(Uint8Array.of(13, 1, 2, 3, 4)).ints(1),
  ],
  [
    "PROTOBUF_INVALID",
    "packed numbers are cut",
    () => readMessage(Uint8Array.of(10, 1, 0)).floats(1),
  ],
  ["PROTOBUF_INVALID", "text must be UTF-8", () => readMessage(Uint8Array.of(10, 1, 255)).text(1)],
];

const bytes: readonly Refused[] = [
  ["ONNX_INVALID", "not an ONNX file: it has no graph", () => decodeOnnx(new Uint8Array(0))],
  [
    "ONNX_UNSUPPORTED",
    "training information is not read",
    reading(
      () => undefined,
      (w) => w.message(model.training, () => undefined),
    ),
  ],
  [
    "ONNX_UNSUPPORTED",
    'Relu has no overload "two"',
    reading(
      withNode((n) => {
        n.text(node.op, "Relu");
        n.text(node.overload, "two");
      }),
    ),
  ],
  [
    "ONNX_OPSET_UNSUPPORTED",
    "convert the model to opset 23 of ai.onnx",
    reading(() => undefined, undefined, 99),
  ],
  ["ONNX_INVALID", "control flow is nested too deep", reading(nested(20))],
  [
    "ONNX_UNSUPPORTED",
    "sparse initialisers are not read",
    reading((g) => g.message(graph.sparse, () => undefined)),
  ],
  [
    "ONNX_INVALID",
    "an initialiser is given twice",
    reading((g) => {
      withTensor((t) => t.ints(tensor.dims, [0]))(g);
      withTensor((t) => t.ints(tensor.dims, [0]))(g);
    }),
  ],
  [
    "ONNX_INVALID",
    'Pad has attribute "mode" twice',
    reading(
      withNode((n) => {
        n.text(node.op, "Pad");
        for (const _ of [1, 2]) {
          n.message(node.attributes, (a) => {
            a.text(attribute.name, "mode");
            a.int(attribute.type, 3);
          });
        }
      }),
    ),
  ],
  [
    "ONNX_UNSUPPORTED",
    "unknown kind of attribute",
    reading(withAttribute((a) => a.int(attribute.type, 13))),
  ],
  [
    "ONNX_INVALID",
    'attribute "alpha" is referred to outside a function',
    reading(withAttribute((a) => a.text(attribute.reference, "alpha"))),
  ],
  [
    "ONNX_UNSUPPORTED",
    "integer attributes beyond 2^53 are not read",
    reading(
      withAttribute((a) => {
        a.int(attribute.type, 2);
        a.ints(attribute.int, [2n ** 60n]);
      }),
    ),
  ],
  [
    "ONNX_UNSUPPORTED",
    "values must be tensors",
    reading((g) => g.message(graph.inputs, (i) => i.text(value.name, "s"))),
  ],
  [
    "ONNX_UNSUPPORTED",
    "segmented tensors are not read",
    reading(withTensor((t) => t.message(tensor.segment, () => undefined))),
  ],
  [
    "ONNX_INVALID",
    "a tensor's dims must be sizes",
    reading(withTensor((t) => t.ints(tensor.dims, [2 ** 40, 2 ** 40]))),
  ],
  [
    "ONNX_INVALID",
    "a tensor's data does not fit its dims",
    reading(withTensor((t) => t.ints(tensor.dims, [2 ** 29]))),
  ],
  [
    "ONNX_UNSUPPORTED",
    "unknown element type",
    reading((g) => g.message(graph.initializers, (t) => t.int(tensor.dtype, 16))),
  ],
  [
    "ONNX_INVALID",
    "text must be UTF-8",
    reading((g) =>
      g.message(graph.initializers, (t) => {
        t.int(tensor.dtype, 8);
        t.bytes(tensor.strings, Uint8Array.of(255));
      }),
    ),
  ],
  ["ONNX_UNSUPPORTED", 'tensor data is in "w.bin"', reading(withEntries({ location: "w.bin" }))],
  [
    "ONNX_EXTERNAL_INVALID",
    "it must be a relative path",
    reading(withEntries({ location: "../w.bin" })),
  ],
  [
    "ONNX_EXTERNAL_INVALID",
    'offset must be a number of bytes, not "-1"',
    reading(withEntries({ location: "w", offset: "-1" })),
  ],
  [
    "ONNX_EXTERNAL_INVALID",
    "dtype and shape need 4 bytes",
    reading(withEntries({ location: "w", length: "8" })),
  ],
];

const opsets: readonly Refused[] = [
  ["ONNX_OPSET_UNSUPPORTED", "came after opset 21", old(23, "RotaryEmbedding", {})],
  [
    "ONNX_OPSET_UNSUPPORTED",
    "with output_dtype is not of opset 21",
    old(23, "DequantizeLinear", { output_dtype: int(1) }),
  ],
  [
    "ONNX_OPSET_UNSUPPORTED",
    "in training mode, or by place",
    old(7, "BatchNormalization", { spatial: int(0) }),
  ],
  ["ONNX_OPSET_UNSUPPORTED", "has another form below opset 7", old(6, "LSTM", {})],
  [
    "ONNX_OPSET_UNSUPPORTED",
    "broadcasts along an axis",
    old(6, "Add", { axis: int(0), broadcast: int(1) }),
  ],
  [
    "ONNX_OPSET_UNSUPPORTED",
    "is in training mode, which opset 6",
    old(6, "BatchNormalization", {}),
  ],
];

/** What .onnx files are refused for. */
export const onnxRefusals: readonly Refused[] = [...protobuf, ...bytes, ...opsets];
