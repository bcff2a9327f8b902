import { utf8 } from "../platform/bytes.ts";
import { EdgeloopError } from "../platform/errors.ts";
import { checkTensor, dtypes } from "./dtypes.ts";
import type { Attribute, Graph, Node, ValueInfo } from "./graph.ts";
import { opsetInternal } from "./graph.ts";
import {
  onnxAttributeTypes,
  onnxDomainVersions,
  onnxFields,
  onnxIrVersion,
} from "./onnx-fields.ts";
import { writeTensor } from "./onnx-tensor.ts";
import type { MessageWriter } from "./protobuf-writer.ts";
import { messageWriter } from "./protobuf-writer.ts";
import { checkStructure } from "./structure.ts";

/** Longest file, bytes: protobuf readers, ONNX Runtime's too, refuse 2 GiB. */
export const onnxBytesMax: number = 2 ** 31 - 1;

/**
 * Writes a graph as an ONNX file (IR version 10, opset 21). The same graph gives the same bytes.
 * A node whose name another has gets a number after it; names of values stay.
 *
 * @throws `GRAPH_INVALID` when it could not be read back, `TENSOR_INVALID`, `ONNX_TOO_LARGE` above 2 GiB.
 * @example
 * const b = graphBuilder("g");
 * b.output({ name: b.add("Neg", [b.input({ name: "x", dtype: "float32", shape: [2] })]), dtype: "float32" });
 * decodeOnnx(encodeOnnx(b.build())).nodes[0]?.op; // => "Neg"
 */
export function encodeOnnx(graph: Graph): Uint8Array<ArrayBuffer> {
  checkStructure(graph);
  const fields = onnxFields.model;
  const writer = messageWriter();
  writer.int(fields.irVersion, onnxIrVersion);
  writer.text(fields.producer, "edgeloop");
  writer.message(fields.graph, (inner) => writeGraph(inner, graph));
  for (const domain of ["", ...domainsOf(graph)]) {
    const version = domain === "" ? opsetInternal : (onnxDomainVersions.get(domain) ?? 1);
    writer.message(fields.opsets, (inner) => {
      inner.text(onnxFields.opset.domain, domain);
      inner.int(onnxFields.opset.version, version);
    });
  }
  for (const [key, value] of Object.entries(graph.metadata ?? {})) {
    writer.message(fields.metadata, (inner) => {
      inner.text(onnxFields.entry.key, key);
      inner.text(onnxFields.entry.value, value);
    });
  }
  if (writer.length() > onnxBytesMax) {
    throw new EdgeloopError("ONNX_TOO_LARGE", "an ONNX file ends below 2 GiB; split the weights", {
      details: { bytes: writer.length() },
    });
  }
  return writer.finish();
}

/** Lists the operator sets that nodes use beside the standard one, sorted. */
export function domainsOf(graph: Graph): readonly string[] {
  const domains = new Set<string>();
  const visit = ({ nodes }: Graph): void => {
    for (const node of nodes) {
      if (node.domain !== undefined) domains.add(node.domain);
      for (const attribute of Object.values(node.attributes)) {
        if (attribute.kind === "graph") visit(attribute.value);
      }
    }
  };
  visit(graph);
  return [...domains].filter((domain) => domain !== "" && domain !== "ai.onnx").sort();
}

function writeGraph(writer: MessageWriter, graph: Graph): void {
  const fields = onnxFields.graph;
  const nameOnce = uniqueNames();
  for (const node of graph.nodes) {
    writer.message(fields.nodes, (inner) =>
      writeNode(inner, { ...node, name: nameOnce(node.name) }),
    );
  }
  writer.text(fields.name, graph.name);
  for (const [name, tensor] of graph.initializers) {
    checkTensor(tensor);
    writer.message(fields.initializers, (inner) => writeTensor(inner, tensor, name));
  }
  for (const info of graph.inputs) {
    writer.message(fields.inputs, (inner) => writeValueInfo(inner, info));
  }
  for (const info of graph.outputs) {
    writer.message(fields.outputs, (inner) => writeValueInfo(inner, info));
  }
}

/** ONNX Runtime refuses two nodes of one name; passes that copy nodes need not care. */
function uniqueNames(): (name: string) => string {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  return (name) => {
    let unique = name;
    for (let i = counts.get(name) ?? 1; taken.has(unique) && unique !== ""; i += 1) {
      unique = `${name}_${i}`;
      counts.set(name, i + 1);
    }
    taken.add(unique);
    return unique;
  };
}

function writeNode(writer: MessageWriter, node: Node): void {
  const fields = onnxFields.node;
  for (const name of node.inputs) writer.text(fields.inputs, name);
  for (const name of node.outputs) writer.text(fields.outputs, name);
  writer.text(fields.name, node.name);
  writer.text(fields.op, node.op);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    writer.message(fields.attributes, (inner) => writeAttribute(inner, name, attribute));
  }
  if (node.domain !== undefined) writer.text(fields.domain, node.domain);
}

function writeAttribute(writer: MessageWriter, name: string, attribute: Attribute): void {
  const fields = onnxFields.attribute;
  writer.text(fields.name, name);
  switch (attribute.kind) {
    case "int":
      writer.int(fields.int, integer(name, attribute.value));
      break;
    case "float":
      writer.float(fields.float, attribute.value);
      break;
    case "string":
      writer.text(fields.string, attribute.value);
      break;
    case "ints":
      writer.ints(
        fields.ints,
        attribute.value.map((value) => integer(name, value)),
      );
      break;
    case "floats":
      writer.floats(fields.floats, attribute.value);
      break;
    case "strings":
      for (const value of attribute.value) writer.bytes(fields.strings, utf8(value));
      break;
    case "tensor":
      writer.message(fields.tensor, (inner) => writeTensor(inner, attribute.value));
      break;
    case "graph":
      writer.message(fields.graph, (inner) => writeGraph(inner, attribute.value));
      break;
  }
  writer.int(fields.type, onnxAttributeTypes[attribute.kind]);
}

function integer(name: string, value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new EdgeloopError("GRAPH_INVALID", `attribute ${name} must be an integer`, {
    details: { attribute: name, value },
  });
}

function writeValueInfo(writer: MessageWriter, info: ValueInfo): void {
  writer.text(onnxFields.value.name, info.name);
  if (info.isUntyped) return;
  writer.message(onnxFields.value.type, (type) => {
    type.message(onnxFields.type.tensor, (tensor) => {
      tensor.int(onnxFields.tensorType.element, dtypes[info.dtype].onnx);
      if (info.shape === undefined) return;
      const dims = info.shape;
      tensor.message(onnxFields.tensorType.shape, (shape) => {
        for (const dim of dims) {
          shape.message(onnxFields.shape.dims, (inner) => {
            if (typeof dim === "number") inner.int(onnxFields.dim.size, integer(info.name, dim));
            else inner.text(onnxFields.dim.name, dim);
          });
        }
      });
    });
  });
}
