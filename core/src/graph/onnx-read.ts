import { EdgeloopError } from "../platform/errors.ts";
import type { Attribute, Dim, Graph, Node, ValueInfo } from "./graph.ts";
import { onnxAttributeTypes, onnxDomainVersions, onnxFields } from "./onnx-fields.ts";
import { normaliseOpset, opsetReadMax, opsetReadMin } from "./onnx-normalise.ts";
import { readDType, readTensor } from "./onnx-tensor.ts";
import { domainsOf, onnxBytesMax } from "./onnx-write.ts";
import type { Message } from "./protobuf-reader.ts";
import { readMessage } from "./protobuf-reader.ts";
import { checkStructure } from "./structure.ts";
import type { Tensor } from "./tensor.ts";

/** Deepest nesting of control-flow bodies that is read. */
export const onnxDepthMax = 8;

/**
 * Reads an ONNX file of opset 7 to 23 as a graph of the internal opset. Constant nodes become initialisers;
 * aligned tensor data refers to `bytes`. Whatever the bytes are, only coded errors are thrown.
 *
 * @throws `ONNX_INVALID` or `PROTOBUF_INVALID` for bytes that lie, `GRAPH_INVALID` for a cycle or an unassigned value,
 * `ONNX_OPSET_UNSUPPORTED`, `ONNX_UNSUPPORTED` for what edgeloop does not read: external data, functions, sparse
 * tensors, sequences and maps.
 */
export function decodeOnnx(bytes: Uint8Array): Graph {
  if (bytes.length > onnxBytesMax) throw invalid("a file ends below 2 GiB", {});
  const fields = onnxFields.model;
  const model = readMessage(bytes);
  if (!model.has(fields.graph)) throw invalid("not an ONNX file: it has no graph", {});
  const opsets = readOpsets(model);
  const opset = standardOpset(opsets);
  if (model.has(fields.functions) || model.has(fields.training)) {
    throw unsupported("local functions and training information are not read", {});
  }
  const graph = normaliseOpset(readGraph(model.message(fields.graph), 0), opset);
  checkDomains(graph, opsets);
  checkStructure(graph);
  const metadata = model
    .messages(fields.metadata)
    .map((entry) => [entry.text(onnxFields.entry.key), entry.text(onnxFields.entry.value)]);
  return metadata.length === 0 ? graph : { ...graph, metadata: Object.fromEntries(metadata) };
}

/**
 * Reads which standard-operator set an ONNX file was written for.
 *
 * @throws `ONNX_INVALID` or `PROTOBUF_INVALID`, `ONNX_OPSET_UNSUPPORTED`.
 */
export const opsetOfOnnx = (bytes: Uint8Array): number =>
  standardOpset(readOpsets(readMessage(bytes)));

/** Versions of operator sets by domain; the standard one is `""`. */
function readOpsets(model: Message): ReadonlyMap<string, number> {
  return new Map(
    model.messages(onnxFields.model.opsets).map((message) => {
      const domain = message.text(onnxFields.opset.domain);
      return [isStandard(domain) ? "" : domain, Number(message.int(onnxFields.opset.version))];
    }),
  );
}

function standardOpset(versions: ReadonlyMap<string, number>): number {
  const opset = versions.get("");
  if (opset !== undefined && opset >= opsetReadMin && opset <= opsetReadMax) return opset;
  throw opsetUnsupported("ai.onnx", opset, opsetReadMax);
}

/** Other operator sets count only where a node uses them: many files name more. */
function checkDomains(graph: Graph, versions: ReadonlyMap<string, number>): void {
  for (const domain of domainsOf(graph)) {
    const max = onnxDomainVersions.get(domain) ?? 1;
    const version = versions.get(domain) ?? 1;
    if (version > max) throw opsetUnsupported(domain, version, max);
  }
}

function readGraph(message: Message, depth: number): Graph {
  const fields = onnxFields.graph;
  if (depth > onnxDepthMax) throw invalid("control flow is nested too deep", { max: onnxDepthMax });
  if (message.has(fields.sparse)) throw unsupported("sparse initialisers are not read", {});
  const initializers = new Map<string, Tensor>();
  for (const tensor of message.messages(fields.initializers)) {
    const name = tensor.text(onnxFields.tensor.name);
    if (initializers.has(name)) throw invalid("an initialiser is given twice", { name });
    initializers.set(name, readTensor(tensor));
  }
  return {
    name: message.text(fields.name),
    // Before IR version 4 every initialiser was listed as an input too.
    inputs: message
      .messages(fields.inputs)
      .map(readValueInfo)
      .filter(({ name }) => !initializers.has(name)),
    outputs: message.messages(fields.outputs).map(readValueInfo),
    nodes: message.messages(fields.nodes).map((node) => readNode(node, depth)),
    initializers,
  };
}

function readNode(message: Message, depth: number): Node {
  const fields = onnxFields.node;
  const domain = message.text(fields.domain);
  const name = message.text(fields.name);
  if (message.text(fields.overload) !== "") throw unsupported("overloads are not read", { name });
  return {
    name,
    op: message.text(fields.op),
    ...(isStandard(domain) ? {} : { domain }),
    inputs: message.texts(fields.inputs),
    outputs: message.texts(fields.outputs),
    attributes: Object.fromEntries(
      message
        .messages(fields.attributes)
        .map((attribute) => [
          attribute.text(onnxFields.attribute.name),
          readAttribute(attribute, depth),
        ]),
    ),
  };
}

function readAttribute(message: Message, depth: number): Attribute {
  const fields = onnxFields.attribute;
  const type = Number(message.int(fields.type));
  switch (type) {
    case onnxAttributeTypes.float:
      return { kind: "float", value: message.float(fields.float) };
    case onnxAttributeTypes.int:
      return { kind: "int", value: integer(message.int(fields.int)) };
    case onnxAttributeTypes.string:
      return { kind: "string", value: message.text(fields.string) };
    case onnxAttributeTypes.tensor:
      return { kind: "tensor", value: readTensor(message.message(fields.tensor)) };
    case onnxAttributeTypes.graph:
      return { kind: "graph", value: readGraph(message.message(fields.graph), depth + 1) };
    case onnxAttributeTypes.floats:
      return { kind: "floats", value: message.floats(fields.floats) };
    case onnxAttributeTypes.ints:
      return { kind: "ints", value: message.ints(fields.ints).map(integer) };
    case onnxAttributeTypes.strings:
      return { kind: "strings", value: message.texts(fields.strings) };
    default:
      throw unsupported("unknown kind of attribute", { name: message.text(fields.name), type });
  }
}

function integer(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw unsupported("integer attributes beyond 2^53 are not read", { value: String(value) });
}

function readValueInfo(message: Message): ValueInfo {
  const name = message.text(onnxFields.value.name);
  const type = message.message(onnxFields.value.type);
  if (!type.has(onnxFields.type.tensor)) throw unsupported("values must be tensors", { name });
  const tensor = type.message(onnxFields.type.tensor);
  const dtype = readDType(tensor.int(onnxFields.tensorType.element));
  if (!tensor.has(onnxFields.tensorType.shape)) return { name, dtype };
  const dims = tensor.message(onnxFields.tensorType.shape).messages(onnxFields.shape.dims);
  return { name, dtype, shape: dims.map((dim, axis) => readDim(dim, `${name}_${axis}`)) };
}

/** A dimension that the file leaves open gets a name of its own. */
function readDim(message: Message, open: string): Dim {
  const name = message.text(onnxFields.dim.name);
  if (name !== "") return name;
  const size = Number(message.int(onnxFields.dim.size));
  return message.has(onnxFields.dim.size) && Number.isSafeInteger(size) && size >= 0 ? size : open;
}

const isStandard = (domain: string): boolean => domain === "" || domain === "ai.onnx";

const opsetUnsupported = (domain: string, version: unknown, max: number): EdgeloopError =>
  new EdgeloopError("ONNX_OPSET_UNSUPPORTED", `convert the model to opset ${max} of ${domain}`, {
    details: { domain, version, min: domain === "ai.onnx" ? opsetReadMin : 1, max },
  });

const invalid = (message: string, details: object): EdgeloopError =>
  new EdgeloopError("ONNX_INVALID", message, { details: { ...details } });

const unsupported = (message: string, details: object): EdgeloopError =>
  new EdgeloopError("ONNX_UNSUPPORTED", message, { details: { ...details } });
