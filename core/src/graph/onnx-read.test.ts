import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "../platform/bytes.ts";
import { codeOf, EdgeloopError } from "../platform/errors.ts";
import { onnxDepthMax } from "../platform/limits.ts";
import { float, graphBuilder, int, ints, text } from "./builder.ts";
import type { Attribute, Graph } from "./graph.ts";
import { onnxFields } from "./onnx-fields.ts";
import { decodeOnnx, opsetOfOnnx } from "./onnx-read.ts";
import { encodeOnnx } from "./onnx-write.ts";
import type { MessageWriter } from "./protobuf-writer.ts";
import { messageWriter } from "./protobuf-writer.ts";
import type { Tensor } from "./tensor.ts";
import { f32, i64 } from "./tensor.ts";

function convolution(): Graph {
  const b = graphBuilder("convolution");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 3, 16] });
  const w = b.initializer("w", f32(new Float32Array(24).fill(0.5), [2, 3, 4]));
  const y = b.add("Conv", [x, w], { attributes: { strides: ints([2]), group: int(1) } });
  const z = b.add("LeakyRelu", [y], { attributes: { alpha: float(0.25) } });
  b.output({ name: b.add("Reshape", [z, b.constant(i64([0, -1]))]), dtype: "float32" });
  return { ...b.build(), metadata: { __proto__: "own", key: "value" } };
}

/** Reads, and tells the code; anything but a coded error fails the test. */
function codeOfReading(bytes: Uint8Array): string {
  try {
    decodeOnnx(bytes);
    return "";
  } catch (error) {
    if (!(error instanceof EdgeloopError)) throw error;
    return codeOf(error);
  }
}

/** A model around a hand-made graph message. */
function modelOf(writeGraph: (writer: MessageWriter) => void, opset = 21): Uint8Array {
  const writer = messageWriter();
  writer.message(onnxFields.model.graph, writeGraph);
  writer.message(onnxFields.model.opsets, (inner) => inner.int(onnxFields.opset.version, opset));
  return writer.finish();
}

const name = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "ä", "a/b:0"));
const attribute: fc.Arbitrary<Attribute> = fc.oneof(
  fc.maxSafeInteger().map(int),
  fc.float({ noNaN: true }).map(float),
  fc.string().map(text),
  fc.array(fc.maxSafeInteger()).map(ints),
  fc.array(fc.float({ noNaN: true })).map((value): Attribute => ({ kind: "floats", value })),
  fc.array(fc.string()).map((value): Attribute => ({ kind: "strings", value })),
  fc.array(fc.float()).map((values): Attribute => ({ kind: "tensor", value: f32(values) })),
);
const tensor: fc.Arbitrary<Tensor> = fc.oneof(
  fc.float32Array({ maxLength: 9 }).map((data) => f32(data)),
  fc
    .bigInt64Array({ maxLength: 9 })
    .map((data): Tensor => ({ dtype: "int64", shape: [data.length], data })),
  fc
    .uint8Array({ maxLength: 9 })
    .map((data): Tensor => ({ dtype: "uint8", shape: [data.length, 1], data })),
  fc
    .array(fc.string(), { maxLength: 3 })
    .map((data): Tensor => ({ dtype: "string", shape: [data.length], data })),
);
const dim = fc.oneof(fc.nat(), fc.string({ minLength: 1 }));
const anyGraph: fc.Arbitrary<Graph> = fc
  .record({
    name,
    shape: fc.option(fc.array(dim), { nil: undefined }),
    weights: fc.array(tensor, { maxLength: 3 }),
    nodes: fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.dictionary(name, attribute)), {
      maxLength: 4,
    }),
    metadata: fc.dictionary(name, fc.string(), { minKeys: 1 }),
  })
  .map(({ name: graphName, shape, weights, nodes, metadata }) => {
    const info = {
      name: "x",
      dtype: "float32" as const,
      ...(shape === undefined ? {} : { shape }),
    };
    return {
      name: graphName,
      inputs: [info],
      outputs: [info],
      nodes: nodes
        .filter(([op]) => op !== "Constant")
        .map(([op, attributes], i) => ({
          name: i === 0 ? "__proto__" : `${i}`,
          op,
          inputs: i === 0 ? ["x", ""] : [`v${i - 1}`],
          outputs: [`v${i}`, ""],
          attributes,
        })),
      initializers: new Map(weights.map((value, i) => [`w${i}`, value])),
      metadata,
    };
  });

test("any graph is read back as it was written", () => {
  fc.assert(
    fc.property(anyGraph, (graph) => {
      expect(decodeOnnx(encodeOnnx(graph))).toEqual(graph);
    }),
  );
});

test("weights that are aligned in the file are not copied", () => {
  const written = encodeOnnx(convolution());
  // Moved through a buffer, the weight of 4-byte elements is aligned once in four places.
  const shared = [0, 1, 2, 3].filter((offset) => {
    const buffer = new Uint8Array(written.length + 4);
    buffer.set(written, offset);
    const weight = decodeOnnx(buffer.subarray(offset, offset + written.length)).initializers.get(
      "w",
    );
    return weight?.dtype === "float32" && weight.data.buffer === buffer.buffer;
  });
  expect(shared).toHaveLength(1);
});

test("every cut of a file is refused by code", () => {
  const bytes = encodeOnnx(convolution());
  const whole = bytes.length;
  const codes = new Set(
    Array.from({ length: whole }, (_, length) => codeOfReading(bytes.subarray(0, length))),
  );
  // A cut between the graph and what follows it leaves a file without its opset or metadata.
  expect([...codes].sort()).toEqual([
    "",
    "ONNX_INVALID",
    "ONNX_OPSET_UNSUPPORTED",
    "PROTOBUF_INVALID",
  ]);
});

test("a damaged file is read or refused by code, quickly", () => {
  const bytes = encodeOnnx(convolution());
  const edit = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
      const damaged = bytes.slice();
      for (const [at, value] of edits) damaged[at] = value;
      codeOfReading(damaged);
    }),
    { numRuns: 3000, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: true },
  );
});

test("random bytes are refused by code", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(codeOfReading(bytes)).not.toBe("");
    }),
  );
});

test.for([
  ["nothing", new Uint8Array(0), "ONNX_INVALID"],
  ["text", utf8("not a model"), "PROTOBUF_INVALID"],
  ["opset 5", modelOf((w) => w.text(onnxFields.graph.name, "g"), 5), "ONNX_OPSET_UNSUPPORTED"],
  ["opset 24", modelOf((w) => w.text(onnxFields.graph.name, "g"), 24), "ONNX_OPSET_UNSUPPORTED"],
  [
    "a sparse tensor",
    modelOf((w) => w.bytes(onnxFields.graph.sparse, new Uint8Array(0))),
    "ONNX_UNSUPPORTED",
  ],
  [
    "2 GiB of claimed floats",
    modelOf((w) =>
      w.message(onnxFields.graph.initializers, (t) => {
        t.ints(onnxFields.tensor.dims, [2 ** 29]);
        t.int(onnxFields.tensor.dtype, 1);
      }),
    ),
    "ONNX_INVALID",
  ],
  [
    "a sequence as input",
    modelOf((w) => w.message(onnxFields.graph.inputs, (v) => v.text(onnxFields.value.name, "s"))),
    "ONNX_UNSUPPORTED",
  ],
] as const)("%s is refused", ([, bytes, code]) => {
  expect(codeOfReading(bytes)).toBe(code);
});

test("operator sets of other domains matter only where a node uses them", () => {
  const withNode = (domain: string): Uint8Array => {
    const writer = messageWriter();
    writer.message(onnxFields.model.graph, (graph) =>
      graph.message(onnxFields.graph.nodes, (node) => {
        node.text(onnxFields.node.op, "Odd");
        node.text(onnxFields.node.domain, domain);
      }),
    );
    for (const [set, version] of [
      ["ai.onnx", 21],
      ["ai.onnx.ml", 5],
    ] as const) {
      writer.message(onnxFields.model.opsets, (inner) => {
        inner.text(onnxFields.opset.domain, set);
        inner.int(onnxFields.opset.version, version);
      });
    }
    return writer.finish();
  };
  expect(codeOfReading(withNode("com.microsoft"))).toBe("");
  expect(codeOfReading(withNode("ai.onnx.ml"))).toBe("ONNX_OPSET_UNSUPPORTED");
});

test("nesting deeper than the limit is refused, not followed", () => {
  const fields = onnxFields;
  const nest =
    (depth: number) =>
    (writer: MessageWriter): void => {
      if (depth === 0) return;
      writer.message(fields.graph.nodes, (node) => {
        node.text(fields.node.op, "If");
        node.message(fields.node.attributes, (inner) => {
          inner.int(fields.attribute.type, 5);
          inner.message(fields.attribute.graph, nest(depth - 1));
        });
      });
    };
  expect(codeOfReading(modelOf(nest(onnxDepthMax)))).toBe("");
  expect(codeOfReading(modelOf(nest(onnxDepthMax + 1)))).toBe("ONNX_INVALID");
  expect(codeOfReading(modelOf(nest(200)))).toBe("ONNX_INVALID");
});

test("initialisers that a file of IR version 3 lists as inputs are weights, not inputs", () => {
  const graph = convolution();
  const bytes = encodeOnnx(graph);
  const extra = messageWriter();
  extra.message(onnxFields.model.graph, (inner) =>
    inner.message(onnxFields.graph.inputs, (value) => {
      value.text(onnxFields.value.name, "w");
      value.message(onnxFields.value.type, (type) =>
        type.message(onnxFields.type.tensor, (t) => t.int(onnxFields.tensorType.element, 1)),
      );
    }),
  );
  // Occurrences of a message field merge, so the second graph only adds an input.
  const joined = new Uint8Array([...bytes, ...extra.finish()]);
  expect(decodeOnnx(joined)).toEqual(graph);
});

test("a dimension that a file leaves open gets a name", () => {
  const bytes = modelOf((writer) =>
    writer.message(onnxFields.graph.inputs, (value) => {
      value.text(onnxFields.value.name, "x");
      value.message(onnxFields.value.type, (type) =>
        type.message(onnxFields.type.tensor, (t) => {
          t.int(onnxFields.tensorType.element, 1);
          t.message(onnxFields.tensorType.shape, (shape) => {
            shape.message(onnxFields.shape.dims, (d) => d.int(onnxFields.dim.size, -1));
            shape.message(onnxFields.shape.dims, (d) => d.int(onnxFields.dim.size, 5));
          });
        }),
      );
    }),
  );
  expect(decodeOnnx(bytes).inputs[0]?.shape).toEqual(["x_0", 5]);
});

test("the opset is the one that the file was written for", () => {
  expect(opsetOfOnnx(modelOf(() => undefined, 13))).toBe(13);
  expect(opsetOfOnnx(encodeOnnx(convolution()))).toBe(21);
});
