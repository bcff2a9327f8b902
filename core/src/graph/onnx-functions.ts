import { EdgeloopError } from "../platform/errors.ts";
import { onnxFunctionDepthMax } from "../platform/limits.ts";
import type { Attribute, Graph, Node } from "./graph.ts";
import { onnxFields } from "./onnx-fields.ts";
import type { OnnxReading } from "./onnx-graph.ts";
import { isStandard, readAttribute, readNode } from "./onnx-graph.ts";
import type { Message } from "./protobuf-reader.ts";
import { mapBodies, namesOfGraph } from "./reads.ts";
import { renameValues } from "./rename.ts";
import { nodeInvalid } from "./structure.ts";

const fields = onnxFields.function;

/** A function of a model: its body is read again for each call, with the call's attributes. */
export type OnnxFunction = {
  readonly key: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Standard-operator set that its nodes are of; undefined when it uses none. */
  readonly opset: number | undefined;
  readonly message: Message;
};

/** Names a function: a model may hold several of one name that differ by overload. */
export const functionKey = (domain: string | undefined, op: string, overload: string): string =>
  JSON.stringify([domain === undefined || isStandard(domain) ? "" : domain, op, overload]);

/** Lists a model's functions by key. @throws `ONNX_INVALID` for two of one key. */
export function readFunctions(model: Message): ReadonlyMap<string, OnnxFunction> {
  const functions = new Map<string, OnnxFunction>();
  for (const message of model.messages(onnxFields.model.functions)) {
    const name = message.text(fields.name);
    const key = functionKey(message.text(fields.domain), name, message.text(fields.overload));
    if (functions.has(key)) throw invalid(`function "${name}" is given twice`, { name });
    const opset = message
      .messages(fields.opsets)
      .find((each) => isStandard(each.text(onnxFields.opset.domain)));
    functions.set(key, {
      key,
      inputs: message.texts(fields.inputs),
      outputs: message.texts(fields.outputs),
      opset: opset && Number(opset.int(onnxFields.opset.version)),
      message,
    });
  }
  return functions;
}

/** What expanding needs beside the graph. */
export type Expansion = {
  readonly reading: OnnxReading;
  /** The functions that nodes call, as they were read. */
  readonly calls: Map<Node, OnnxFunction>;
  /** Told of nodes that are of another operator set than the model. */
  readonly onOpset: (node: Node, opset: number) => void;
};

/**
 * Puts the bodies of functions in the place of the nodes that call them, however deep.
 *
 * @throws `ONNX_INVALID` for a function that calls itself, too deep or too often; `GRAPH_INVALID` for a call that does
 *   not fit its function.
 */
export function expandFunctions(graph: Graph, expansion: Expansion): Graph {
  if (expansion.calls.size === 0) return graph;
  const fresh = freshBeside(new Set(namesOfGraph(graph)));
  return expandGraph(graph, { ...expansion, fresh, stack: [] });
}

type Expanding = Expansion & { readonly fresh: Fresh; readonly stack: readonly string[] };

/** Makes up a name that nothing has yet. */
type Fresh = (hint: string) => string;

/** Counts names of one hint, so that many calls of one function stay cheap. */
function freshBeside(names: Set<string>): Fresh {
  const counts = new Map<string, number>();
  return (hint) => {
    let count = counts.get(hint) ?? 0;
    let name = hint;
    for (; names.has(name); name = `${hint}_${count}`) count += 1;
    counts.set(hint, count);
    names.add(name);
    return name;
  };
}

const expandGraph = (graph: Graph, at: Expanding): Graph => ({
  ...graph,
  nodes: graph.nodes.flatMap((node) => expandNode(node, at)),
});

function expandNode(node: Node, at: Expanding): readonly Node[] {
  const called = at.calls.get(node);
  if (called === undefined) return [mapBodies(node, (body) => expandGraph(body, at))];
  if (at.stack.includes(called.key) || at.stack.length >= onnxFunctionDepthMax) {
    throw invalid(`function ${node.op} is called by itself, or too deep`, {
      op: node.op,
      max: onnxFunctionDepthMax,
    });
  }
  return instantiate(node, called, at).flatMap((inner) =>
    expandNode(inner, { ...at, stack: [...at.stack, called.key] }),
  );
}

function instantiate(call: Node, called: OnnxFunction, at: Expanding): readonly Node[] {
  const { inputs, outputs, message } = called;
  if (call.inputs.length > inputs.length || call.outputs.length > outputs.length) {
    throw nodeInvalid(call, `its function has ${inputs.length} inputs, ${outputs.length} outputs`);
  }
  const references = referencesOf(call, message, at.reading);
  const nodes = message
    .messages(fields.nodes)
    .map((node) => readNode(node, { ...at.reading, references }));
  const { nameOf, extra } = namesFor(call, called, at.fresh);
  const renamed = nodes.map((node) => {
    const inner = renameNode(node, nameOf, `${call.op}/`);
    const calls = at.calls.get(node);
    // The node is another object now; what is known of it goes along.
    if (calls !== undefined) at.calls.set(inner, calls);
    if (called.opset !== undefined) at.onOpset(inner, called.opset);
    return inner;
  });
  return [...renamed, ...extra];
}

/** Attributes that the body may refer to: the call's, else the function's own defaults. */
function referencesOf(
  call: Node,
  message: Message,
  reading: OnnxReading,
): ReadonlyMap<string, Attribute> {
  const references = new Map<string, Attribute>();
  for (const entry of message.messages(fields.defaults)) {
    const value = readAttribute(entry, { ...reading, references: new Map() });
    if (value !== undefined) references.set(entry.text(onnxFields.attribute.name), value);
  }
  for (const [name, value] of Object.entries(call.attributes)) references.set(name, value);
  return references;
}

const renameNode = (node: Node, nameOf: (name: string) => string, prefix: string): Node => {
  const [renamed = node] = renameValues(
    { name: "", inputs: [], outputs: [], nodes: [node], initializers: new Map() },
    nameOf,
  ).nodes;
  return { ...renamed, name: `${prefix}${node.name}` };
};

/** Names inside a call: its inputs and outputs are the caller's, everything else is new. */
function namesFor(
  call: Node,
  { inputs, outputs }: OnnxFunction,
  fresh: Fresh,
): { readonly nameOf: (name: string) => string; readonly extra: readonly Node[] } {
  const given = new Map(inputs.map((name, index) => [name, call.inputs[index] ?? ""]));
  const extra: Node[] = [];
  for (const [index, name] of outputs.entries()) {
    const outside = call.outputs[index] ?? "";
    if (outside === "") continue;
    const inside = given.get(name);
    // What is an input too, or is given out twice, needs a node that copies it.
    if (inside === undefined) given.set(name, outside);
    else
      extra.push({
        name: outside,
        op: "Identity",
        inputs: [inside],
        outputs: [outside],
        attributes: {},
      });
  }
  const nameOf = (name: string): string => {
    const known = given.get(name);
    if (known !== undefined) return known;
    const made = fresh(`${call.op}/${name}`);
    given.set(name, made);
    return made;
  };
  return { nameOf, extra };
}

const invalid = (message: string, details: object): EdgeloopError =>
  new EdgeloopError("ONNX_INVALID", message, { details: { ...details } });
