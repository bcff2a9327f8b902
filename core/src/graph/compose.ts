import { EdgeloopError } from "../platform/errors.ts";
import { differ } from "./dims.ts";
import type { Graph, ValueInfo } from "./graph.ts";
import { namesOfGraph } from "./reads.ts";
import { renameValues } from "./rename.ts";

/**
 * Joins two graphs: outputs of the first become inputs of the second. Inputs of the second that are not connected
 * stay inputs; outputs of the first that are not connected stay outputs. The first keeps its value names; a value of
 * the second whose name is taken gets another, except its outputs, which keep theirs.
 *
 * @param connect Pairs of output and input; when absent, those of equal name, or else the only output and the only input.
 * @throws `COMPOSE_INVALID` when a name does not exist, dtypes or shapes do not fit, nothing connects, or both have
 * an output of one name.
 * @example
 * const unary = (op: string) => {
 *   const b = graphBuilder(op);
 *   const x = b.input({ name: "x", dtype: "float32", shape: ["N"] });
 *   b.output({ name: b.add(op, [x], { outputs: [`${op}-y`] }), dtype: "float32", shape: ["N"] });
 *   return b.build();
 * };
 * compose(unary("Exp"), unary("Log")).nodes.map((node) => node.op); // => ["Exp", "Log"]
 */
export function compose(
  first: Graph,
  second: Graph,
  connect: readonly (readonly [output: string, input: string])[] = defaultPairs(first, second),
): Graph {
  const sources = new Map(connect.map(([output, input]) => [input, output]));
  if (sources.size === 0 || sources.size !== connect.length) {
    throw invalid("each connected input needs one output, and at least one is connected", {
      connect,
    });
  }
  for (const [output, input] of connect) checkPair(first, second, output, input);
  const used = new Set(sources.values());
  const kept = first.outputs.filter(({ name }) => !used.has(name));
  const nameOf = namesFor(first, second, sources);
  const renamed = renameValues(second, nameOf);
  return {
    name: first.name === second.name ? first.name : `${first.name}-${second.name}`,
    inputs: [...first.inputs, ...renamed.inputs.filter((_, i) => !isConnected(second, i, sources))],
    outputs: [...kept, ...renamed.outputs],
    nodes: [...first.nodes, ...renamed.nodes],
    initializers: new Map([...first.initializers, ...renamed.initializers]),
    ...metadataOf(first, second),
  };
}

const isConnected = (graph: Graph, index: number, sources: ReadonlyMap<string, string>): boolean =>
  sources.has(graph.inputs[index]?.name ?? "");

function defaultPairs(first: Graph, second: Graph): [string, string][] {
  const inputs = new Set(second.inputs.map(({ name }) => name));
  const shared = first.outputs.filter(({ name }) => inputs.has(name));
  if (shared.length > 0) return shared.map(({ name }) => [name, name]);
  const [output, ...outputs] = first.outputs;
  const [input, ...others] = second.inputs;
  if (output === undefined || input === undefined || outputs.length + others.length > 0) return [];
  return [[output.name, input.name]];
}

function checkPair(first: Graph, second: Graph, output: string, input: string): void {
  const from = first.outputs.find(({ name }) => name === output);
  const to = second.inputs.find(({ name }) => name === input);
  if (from === undefined || to === undefined) {
    throw invalid(`no output "${output}" or no input "${input}"`, { output, input });
  }
  if (!fits(from, to)) {
    throw invalid(`output "${output}" does not fit input "${input}"`, { from, to });
  }
}

function fits(from: ValueInfo, to: ValueInfo): boolean {
  if (from.dtype !== to.dtype) return false;
  const [a, b] = [from.shape, to.shape];
  if (a === undefined || b === undefined) return true;
  return a.length === b.length && a.every((dim, axis) => !differ(dim, b[axis] ?? dim));
}

/** New names for the second graph's values: connected inputs take their source's, others only what is free. */
function namesFor(
  first: Graph,
  second: Graph,
  sources: ReadonlyMap<string, string>,
): (name: string) => string {
  const taken = valueNames(first);
  const theirs = valueNames(second);
  const outputs = new Set(second.outputs.map(({ name }) => name));
  const given = new Map(sources);
  return (name) => {
    const known = given.get(name);
    if (known !== undefined) return known;
    if (taken.has(name) && outputs.has(name)) {
      throw invalid(`both graphs have a value "${name}", which is an output`, { name });
    }
    let fresh = name;
    for (let i = 1; taken.has(fresh) || (fresh !== name && theirs.has(fresh)); i += 1) {
      fresh = `${name}_${i}`;
    }
    taken.add(fresh);
    given.set(name, fresh);
    return fresh;
  };
}

const valueNames = (graph: Graph): Set<string> => new Set(namesOfGraph(graph));

const metadataOf = (first: Graph, second: Graph): Pick<Graph, "metadata"> =>
  first.metadata === undefined && second.metadata === undefined
    ? {}
    : { metadata: { ...first.metadata, ...second.metadata } };

const invalid = (message: string, details: object): EdgeloopError =>
  new EdgeloopError("COMPOSE_INVALID", message, { details: { ...details } });
