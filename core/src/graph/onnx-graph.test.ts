import { expect, test } from "vitest";
import { codeOf, messageOf } from "../platform/errors.ts";
import { onnxFields } from "./onnx-fields.ts";
import type { OnnxReading } from "./onnx-graph.ts";
import { isStandard, readAttribute, readGraph, readNode } from "./onnx-graph.ts";
import { readMessage } from "./protobuf-reader.ts";
import type { MessageWriter } from "./protobuf-writer.ts";
import { messageWriter } from "./protobuf-writer.ts";

const messageOfBytes = (write: (writer: MessageWriter) => void) => {
  const writer = messageWriter();
  write(writer);
  return readMessage(writer.finish());
};

const reading = (more: Partial<OnnxReading> = {}): OnnxReading => ({
  external: () => new Uint8Array(0),
  onNode: () => undefined,
  budget: { nodes: 10 },
  ...more,
});

const refusalOf = (call: () => unknown): string => {
  try {
    call();
    return "";
  } catch (error) {
    return `${codeOf(error)} ${messageOf(error)}`;
  }
};

const { attribute, node: fields } = onnxFields;

/** A list of integers as an attribute of an operator. */
const nodeOf = (op: string, values: readonly bigint[]) =>
  messageOfBytes((writer) => {
    writer.text(fields.op, op);
    writer.message(fields.attributes, (inner) => {
      inner.text(attribute.name, "ends");
      inner.ints(attribute.ints, values);
      inner.int(attribute.type, 7);
    });
  });

test("a slice to the largest number there is goes to the end; elsewhere such numbers are refused", () => {
  const largest = [2n ** 63n - 1n, -(2n ** 63n)];
  expect(readNode(nodeOf("Slice", largest), reading()).attributes["ends"]?.value).toEqual([
    Number.MAX_SAFE_INTEGER,
    -Number.MAX_SAFE_INTEGER,
  ]);
  expect(refusalOf(() => readNode(nodeOf("Pad", largest), reading()))).toContain("beyond 2^53");
});

test("every node is told of, and too many are refused", () => {
  const seen: string[] = [];
  const budget = { nodes: 2 };
  const graph = messageOfBytes((writer) => {
    for (const op of ["Neg", "Abs", "Exp"]) {
      writer.message(onnxFields.graph.nodes, (inner) => inner.text(fields.op, op));
    }
  });
  const call = () => readGraph(graph, reading({ budget, onNode: ({ op }) => seen.push(op) }));
  expect(refusalOf(call)).toContain("too many nodes");
  expect(seen).toEqual(["Neg", "Abs"]);
});

test("an attribute that is given twice is refused", () => {
  const message = messageOfBytes((writer) => {
    for (const value of [1, 2]) {
      writer.message(fields.attributes, (inner) => {
        inner.text(attribute.name, "axis");
        inner.int(attribute.int, value);
        inner.int(attribute.type, 2);
      });
    }
  });
  expect(refusalOf(() => readNode(message, reading()))).toContain('has attribute "axis" twice');
});

test("a reference is the call's attribute of that name and kind", () => {
  const reference = (type: number) =>
    messageOfBytes((writer) => {
      writer.text(attribute.reference, "alpha");
      writer.int(attribute.type, type);
    });
  const references = new Map([["alpha", { kind: "float" as const, value: 0.5 }]]);
  expect(readAttribute(reference(1), reading({ references }))).toEqual(references.get("alpha"));
  expect(readAttribute(reference(1), reading({ references: new Map() }))).toBeUndefined();
  expect(refusalOf(() => readAttribute(reference(2), reading({ references })))).toContain(
    "as float",
  );
});

test("the standard domain has two names", () => {
  expect(["", "ai.onnx", "ai.onnx.ml"].map(isStandard)).toEqual([true, true, false]);
});

test("a body's value may be without a type, one of the model may not", () => {
  const graph = messageOfBytes((writer) =>
    writer.message(onnxFields.graph.outputs, (info) => info.text(onnxFields.value.name, "y")),
  );
  expect(readGraph(graph, reading(), 1).outputs).toMatchObject([{ name: "y", isUntyped: true }]);
  expect(refusalOf(() => readGraph(graph, reading()))).toContain("values must be tensors");
});
