import { EdgeloopError } from "../platform/errors.ts";
import type { Attribute, Graph, Node, ValueInfo } from "./graph.ts";
import { bodiesOf, namesOfGraph } from "./reads.ts";
import type { Tensor } from "./tensor.ts";

/** Attributes by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** An integer attribute. */
export const int = (value: number): Attribute => ({ kind: "int", value });
/** A float attribute. */
export const float = (value: number): Attribute => ({ kind: "float", value });
/** A list of integers. */
export const ints = (value: readonly number[]): Attribute => ({ kind: "ints", value });
/** A string attribute. */
export const text = (value: string): Attribute => ({ kind: "string", value });

/** What a node has beside its operator and inputs. */
export type NodeOptions = {
  readonly attributes?: Attributes;
  readonly domain?: string;
  /** The node's name and the stem of its outputs' names; the operator's name when absent. */
  readonly name?: string;
  /** Exact output names, for a node whose results have a public name; else fresh ones are made. */
  readonly outputs?: readonly string[];
};

/** Collects nodes into a graph; values are referred to by name. */
export type GraphBuilder = {
  /** Declares a graph input and returns its name. */
  input(info: ValueInfo): string;
  /** Adds a named weight. */
  initializer(name: string, tensor: Tensor): string;
  /** Adds an unnamed constant. */
  constant(tensor: Tensor, hint?: string): string;
  /** Adds a node with one output and returns the output's name. */
  add(op: string, inputs: readonly string[], options?: NodeOptions): string;
  /** Adds a node with `count` outputs and returns their names. */
  addMany(op: string, inputs: readonly string[], count: number, options?: NodeOptions): string[];
  /** Adds a finished node as it is. */
  push(node: Node): void;
  /** Declares a graph output. */
  output(info: ValueInfo): void;
  /** A value name that nothing uses yet. */
  fresh(hint: string): string;
  build(): Graph;
};

/**
 * Starts a graph, empty or from an existing one (whose parts are kept and whose names are taken).
 *
 * @param reserved Names that are not to be made up: those of graphs around and inside this one.
 * @throws `GRAPH_NAME_TAKEN` when a value name would be assigned twice.
 * @example
 * const b = graphBuilder("double");
 * const x = b.input({ name: "x", dtype: "float32", shape: ["N"] });
 * b.add("Add", [x, x], { outputs: ["y"] });
 * b.output({ name: "y", dtype: "float32", shape: ["N"] });
 * b.build().nodes.length; // => 1
 */
export function graphBuilder(from: string | Graph, reserved: Iterable<string> = []): GraphBuilder {
  const base: Graph =
    typeof from === "string"
      ? { name: from, inputs: [], outputs: [], nodes: [], initializers: new Map() }
      : from;
  const inputs = [...base.inputs];
  const outputs = [...base.outputs];
  const nodes = [...base.nodes];
  const initializers = new Map(base.initializers);
  const taken = namesOf(base);
  const counts = new Map<string, number>();
  // A name inside a body hides nothing, so it must not be made up outside either.
  const avoided = new Set([...reserved, ...base.nodes.flatMap(innerNamesOf)]);

  const take = (name: string): string => {
    if (taken.has(name)) {
      throw new EdgeloopError("GRAPH_NAME_TAKEN", "each value of a graph is assigned once", {
        details: { graph: base.name, name },
      });
    }
    taken.add(name);
    return name;
  };
  const fresh = (hint: string): string => {
    let count = counts.get(hint) ?? 0;
    let name = hint;
    for (; taken.has(name) || avoided.has(name); name = `${hint}_${count}`) count += 1;
    counts.set(hint, count);
    return name;
  };
  const addMany: GraphBuilder["addMany"] = (op, from_, count, options = {}) => {
    const stem = options.name ?? op.toLowerCase();
    const results =
      options.outputs?.map((name) => (name === "" ? name : take(name))) ??
      Array.from({ length: count }, () => take(fresh(stem)));
    nodes.push({
      name: options.name ?? results[0] ?? stem,
      op,
      ...(options.domain === undefined ? {} : { domain: options.domain }),
      inputs: [...from_],
      outputs: results,
      attributes: options.attributes ?? {},
    });
    return results;
  };

  return {
    input(info) {
      inputs.push(info);
      return take(info.name);
    },
    initializer(name, tensor) {
      initializers.set(take(name), tensor);
      return name;
    },
    constant(tensor, hint = "constant") {
      const name = take(fresh(hint));
      initializers.set(name, tensor);
      return name;
    },
    add: (op, from_, options) => addMany(op, from_, 1, options)[0] ?? "",
    addMany,
    push(node) {
      for (const name of node.outputs) if (name !== "") take(name);
      for (const name of innerNamesOf(node)) avoided.add(name);
      nodes.push(node);
    },
    output(info) {
      outputs.push(info);
    },
    fresh: (hint) => fresh(hint),
    build: () => ({
      ...base,
      inputs: [...inputs],
      outputs: [...outputs],
      nodes: [...nodes],
      initializers: new Map(initializers),
    }),
  };
}

const innerNamesOf = (node: Node): readonly string[] => bodiesOf(node).flatMap(namesOfGraph);

function namesOf(graph: Graph): Set<string> {
  return new Set([
    ...graph.inputs.map((info) => info.name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
}
