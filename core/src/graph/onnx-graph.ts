import { EdgeloopError } from "../platform/errors.ts";
import { onnxDepthMax, onnxNodesMax } from "../platform/limits.ts";
import type { Attribute, Dim, Graph, Node, ValueInfo } from "./graph.ts";
import type { ExternalReader } from "./onnx-external.ts";
import { onnxAttributeTypes, onnxFields } from "./onnx-fields.ts";
import { readDType, readTensor } from "./onnx-tensor.ts";
import type { Message } from "./protobuf-reader.ts";
import type { Tensor } from "./tensor.ts";

/** What holds while the nodes of a graph, or of a function's body, are read. */
export type OnnxReading = {
  readonly external: ExternalReader;
  /** Attributes of the call, when a function's body is read: what its nodes may refer to. */
  readonly references?: ReadonlyMap<string, Attribute>;
  /** Told of every node, with the overload that it asks for. */
  readonly onNode: (node: Node, overload: string) => void;
  /** Nodes that may still be read. */
  readonly budget: { nodes: number };
};

/**
 * Reads a `GraphProto` as it is.
 *
 * @throws `ONNX_INVALID`, `ONNX_UNSUPPORTED`, `ONNX_EXTERNAL_INVALID`
 */
export function readGraph(message: Message, reading: OnnxReading, depth = 0): Graph {
  const fields = onnxFields.graph;
  if (depth > onnxDepthMax) throw invalid("control flow is nested too deep", { max: onnxDepthMax });
  if (message.has(fields.sparse)) throw unsupported("sparse initialisers are not read", {});
  const initializers = new Map<string, Tensor>();
  for (const tensor of message.messages(fields.initializers)) {
    const name = tensor.text(onnxFields.tensor.name);
    if (initializers.has(name)) throw invalid("an initialiser is given twice", { name });
    initializers.set(name, readTensor(tensor, reading.external));
  }
  return {
    name: message.text(fields.name),
    // Before IR version 4 every initialiser was listed as an input too.
    inputs: message
      .messages(fields.inputs)
      .map((info) => readValueInfo(info, depth))
      .filter(({ name }) => !initializers.has(name)),
    outputs: message.messages(fields.outputs).map((info) => readValueInfo(info, depth)),
    nodes: message.messages(fields.nodes).map((node) => readNode(node, reading, depth)),
    initializers,
  };
}

/** Reads a `NodeProto`. @throws As `readGraph`. */
export function readNode(message: Message, reading: OnnxReading, depth = 0): Node {
  const fields = onnxFields.node;
  reading.budget.nodes -= 1;
  if (reading.budget.nodes < 0) throw invalid("too many nodes", { max: onnxNodesMax });
  const domain = message.text(fields.domain);
  const op = message.text(fields.op);
  // Exporters write "to the end" of a slice as the largest number there is.
  const isClamped = op === "Slice";
  const attributes: Record<string, Attribute> = Object.create(null);
  for (const entry of message.messages(fields.attributes)) {
    const name = entry.text(onnxFields.attribute.name);
    if (name in attributes) throw invalid(`${op} has attribute "${name}" twice`, { op, name });
    const attribute = readAttribute(entry, reading, { depth, isClamped });
    if (attribute !== undefined) attributes[name] = attribute;
  }
  const node = {
    name: message.text(fields.name),
    op,
    ...(isStandard(domain) ? {} : { domain }),
    inputs: message.texts(fields.inputs),
    outputs: message.texts(fields.outputs),
    attributes: { ...attributes },
  };
  reading.onNode(node, message.text(fields.overload));
  return node;
}

/** Reads an `AttributeProto`; undefined for a reference to what a call leaves out. @throws As `readGraph`. */
export function readAttribute(
  message: Message,
  reading: OnnxReading,
  at: { readonly depth: number; readonly isClamped: boolean } = { depth: 0, isClamped: false },
): Attribute | undefined {
  const fields = onnxFields.attribute;
  const type = Number(message.int(fields.type));
  const reference = message.text(fields.reference);
  if (reference !== "") return referred(reading, reference, type);
  switch (type) {
    case onnxAttributeTypes.float:
      return { kind: "float", value: message.float(fields.float) };
    case onnxAttributeTypes.int:
      return { kind: "int", value: integer(message.int(fields.int), false) };
    case onnxAttributeTypes.string:
      return { kind: "string", value: message.text(fields.string) };
    case onnxAttributeTypes.tensor:
      return {
        kind: "tensor",
        value: readTensor(message.message(fields.tensor), reading.external),
      };
    case onnxAttributeTypes.graph:
      return {
        kind: "graph",
        value: readGraph(message.message(fields.graph), reading, at.depth + 1),
      };
    case onnxAttributeTypes.floats:
      return { kind: "floats", value: message.floats(fields.floats) };
    case onnxAttributeTypes.ints:
      return {
        kind: "ints",
        value: message.ints(fields.ints).map((value) => integer(value, at.isClamped)),
      };
    case onnxAttributeTypes.strings:
      return { kind: "strings", value: message.texts(fields.strings) };
    default:
      throw unsupported("unknown kind of attribute", { name: message.text(fields.name), type });
  }
}

function referred(reading: OnnxReading, name: string, type: number): Attribute | undefined {
  if (reading.references === undefined) {
    throw invalid(`attribute "${name}" is referred to outside a function`, { name });
  }
  const found = reading.references.get(name);
  if (found === undefined || type === 0 || onnxAttributeTypes[found.kind] === type) return found;
  throw invalid(`attribute "${name}" of a function is given as ${found.kind}`, { name, type });
}

function integer(value: bigint, isClamped: boolean): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  if (isClamped) return Math.sign(number) * Number.MAX_SAFE_INTEGER;
  throw unsupported("integer attributes beyond 2^53 are not read", { value: String(value) });
}

function readValueInfo(message: Message, depth: number): ValueInfo {
  const name = message.text(onnxFields.value.name);
  // Exporters leave the types of bodies' values to inference.
  if (depth > 0 && message.bytes(onnxFields.value.type).length === 0) {
    return { name, dtype: "float32", isUntyped: true };
  }
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

/** Tells whether a domain is that of the standard operators. */
export const isStandard = (domain: string): boolean => domain === "" || domain === "ai.onnx";

const invalid = (message: string, details: object): EdgeloopError =>
  new EdgeloopError("ONNX_INVALID", message, { details: { ...details } });

const unsupported = (message: string, details: object): EdgeloopError =>
  new EdgeloopError("ONNX_UNSUPPORTED", message, { details: { ...details } });
