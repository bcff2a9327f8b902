import { EdgeloopError } from "../platform/errors.ts";
import { onnxNodesMax } from "../platform/limits.ts";
import type { Graph, Node } from "./graph.ts";
import type { ExternalReader } from "./onnx-external.ts";
import { boundedExternal } from "./onnx-external.ts";
import { onnxDomainVersions, onnxFields } from "./onnx-fields.ts";
import type { OnnxFunction } from "./onnx-functions.ts";
import { expandFunctions, functionKey, readFunctions } from "./onnx-functions.ts";
import type { OnnxReading } from "./onnx-graph.ts";
import { isStandard, readGraph } from "./onnx-graph.ts";
import { normaliseOpset, opsetReadMax, opsetReadMin } from "./onnx-normalise.ts";
import { domainsOf, onnxBytesMax } from "./onnx-write.ts";
import type { Message } from "./protobuf-reader.ts";
import { readMessage } from "./protobuf-reader.ts";
import { checkStructure } from "./structure.ts";

/** What reading a model may need beside its bytes. */
export type DecodeOptions = {
  /** Reads tensors that are in files beside the model; without it they are refused. */
  readonly external?: ExternalReader;
};

/**
 * Reads an ONNX file of opset 7 to 23 (of 6, where its form did not change) as a graph of the internal opset. Constant
 * nodes become initialisers, functions are expanded, bodies of control flow are kept; aligned tensor data refers to
 * `bytes`. Whatever the bytes are, only coded errors are thrown.
 *
 * @throws `ONNX_INVALID` or `PROTOBUF_INVALID` for bytes that lie, `GRAPH_INVALID` for a cycle or an unassigned value,
 * `ONNX_OPSET_UNSUPPORTED`, `ONNX_EXTERNAL_INVALID`, `ONNX_UNSUPPORTED` for what edgeloop does not read: external data
 * without a reader, sparse tensors, sequences and maps.
 */
export function decodeOnnx(bytes: Uint8Array, options: DecodeOptions = {}): Graph {
  if (bytes.length > onnxBytesMax) throw invalid("a file ends below 2 GiB", {});
  const fields = onnxFields.model;
  const model = readMessage(bytes);
  if (!model.has(fields.graph)) throw invalid("not an ONNX file: it has no graph", {});
  const opsets = readOpsets(model);
  const opset = standardOpset(opsets);
  if (model.has(fields.training)) throw unsupported("training information is not read", {});
  const { graph: read, opsetsOfNodes } = readExpanded(model, opset, options);
  const graph = normaliseOpset(read, opset, opsetsOfNodes);
  checkDomains(graph, opsets);
  checkStructure(graph);
  const metadata = model
    .messages(fields.metadata)
    .map((entry) => [entry.text(onnxFields.entry.key), entry.text(onnxFields.entry.value)]);
  return metadata.length === 0 ? graph : { ...graph, metadata: Object.fromEntries(metadata) };
}

/** Reads the graph and expands functions; nodes out of one may be of another opset than the model. */
function readExpanded(
  model: Message,
  opset: number,
  options: DecodeOptions,
): { readonly graph: Graph; readonly opsetsOfNodes: ReadonlyMap<Node, number> } {
  const functions = readFunctions(model);
  const calls = new Map<Node, OnnxFunction>();
  const opsetsOfNodes = new Map<Node, number>();
  const reading: OnnxReading = {
    external: boundedExternal(options.external),
    budget: { nodes: onnxNodesMax },
    onNode(node, overload) {
      const called = functions.get(functionKey(node.domain, node.op, overload));
      if (called !== undefined) calls.set(node, called);
      else if (overload !== "") throw unsupported(`${node.op} has no overload "${overload}"`, {});
    },
  };
  const graph = expandFunctions(readGraph(model.message(onnxFields.model.graph), reading), {
    reading,
    calls,
    onOpset(node, version) {
      if (version === opset) return;
      checkOpset(version);
      opsetsOfNodes.set(node, version);
    },
  });
  return { graph, opsetsOfNodes };
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

const standardOpset = (versions: ReadonlyMap<string, number>): number =>
  checkOpset(versions.get(""));

function checkOpset(opset: number | undefined): number {
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

const opsetUnsupported = (domain: string, version: unknown, max: number): EdgeloopError =>
  new EdgeloopError("ONNX_OPSET_UNSUPPORTED", `convert the model to opset ${max} of ${domain}`, {
    details: { domain, version, min: domain === "ai.onnx" ? opsetReadMin : 1, max },
  });

const invalid = (message: string, details: object): EdgeloopError =>
  new EdgeloopError("ONNX_INVALID", message, { details: { ...details } });

const unsupported = (message: string, details: object): EdgeloopError =>
  new EdgeloopError("ONNX_UNSUPPORTED", message, { details: { ...details } });
