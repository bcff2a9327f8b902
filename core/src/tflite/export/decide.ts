import type { Graph, Node } from "../../graph/graph.ts";
import { readsOf } from "../../graph/reads.ts";
import { sameQuantization } from "./integers.ts";
import type { Decision, Rule } from "./site.ts";
import type { Values } from "./values.ts";

/** Who reads which value. */
export type Readers = {
  readonly of: (name: string) => readonly Node[];
  readonly isOutput: (name: string) => boolean;
};

/** Finds out who reads which value. */
export function readersOf(graph: Graph): Readers {
  const all = Map.groupBy(
    graph.nodes.flatMap((node) => readsOf(node).map((name) => ({ name, node }))),
    ({ name }) => name,
  );
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  return {
    of: (name) => (all.get(name) ?? []).map(({ node }) => node),
    isOutput: (name) => outputs.has(name),
  };
}

type Known = { readonly values: Values; readonly readers: Readers };

/** Decides how a node is written: as int8 or in float, and together with which activation. */
export function decide(node: Node, rule: Rule, known: Known): Decision {
  const next = rule.fuses ? onlyReader(node, known.readers) : undefined;
  const bounds = next && boundsOf(next, known.values);
  const follower = next && bounds && { results: next.outputs, bounds };
  const own = { node, activation: "NONE", results: node.outputs };
  const int8 = takesIntegers(node, rule, known.values)
    ? decideInt8(own, follower, known)
    : undefined;
  if (int8 !== undefined) return int8;
  const activation = follower && activationOf(follower.bounds);
  const float = { ...own, isInt8: false, integers: [] };
  return activation === undefined
    ? float
    : { ...float, activation, results: follower?.results ?? [] };
}

/** What follows a node and may be done by it. */
type Follower = { readonly results: readonly string[]; readonly bounds: Bounds };

/** Int8 wants all results as integers: those of the node, or of what cuts them off. */
function decideInt8(
  own: Pick<Decision, "node" | "activation" | "results">,
  follower: Follower | undefined,
  known: Known,
): Decision | undefined {
  const cut = follower && integersOf(follower.results, known);
  const activation = cut && follower && int8Activation(follower.bounds, cut, known.values);
  if (cut && follower && activation) {
    return { ...own, activation, results: follower.results, isInt8: true, integers: cut };
  }
  const integers = integersOf(own.results, known);
  return integers && { ...own, isInt8: true, integers };
}

/** Inputs of a node that are data. */
export function dataOf(node: Node, { data }: Rule): readonly string[] {
  const count = data === "two" ? 2 : 1;
  return (data === "all" ? node.inputs : node.inputs.slice(0, count)).filter((name) => name !== "");
}

const takesIntegers = (node: Node, rule: Rule, values: Values): boolean =>
  rule.int8 !== undefined &&
  dataOf(node, rule).every((name) => values.integers(name) !== undefined) &&
  rule.int8(node, values);

function onlyReader(node: Node, { of, isOutput }: Readers): Node | undefined {
  const [name = ""] = node.outputs;
  const all = of(name);
  return all.length === 1 && !isOutput(name) ? all[0] : undefined;
}

/** For each result, the integers that are made of it: nothing else may read it, and all must be of one scale. */
function integersOf(
  results: readonly string[],
  { values, readers }: Known,
): readonly (readonly string[])[] | undefined {
  const found = results.map((name) => {
    const all = readers.of(name);
    const names = all.map((reader) => reader.outputs[0] ?? "");
    const [first, ...rest] = names.map((each) => values.quantization(each));
    const isAlone =
      first !== undefined &&
      !readers.isOutput(name) &&
      all.every(({ op }) => op === "QuantizeLinear") &&
      rest.every((other) => sameQuantization(first, other));
    return isAlone ? names : undefined;
  });
  return found.every((names) => names !== undefined) ? found : undefined;
}

type Bounds = { readonly low: number; readonly high: number };

/** What a Relu or Clip cuts off; undefined for other nodes. */
function boundsOf({ op, inputs }: Node, values: Values): Bounds | undefined {
  if (op === "Relu") return { low: 0, high: Number.POSITIVE_INFINITY };
  if (op !== "Clip") return undefined;
  const bound = (name: string | undefined, absent: number): number | undefined => {
    if (name === undefined || name === "") return absent;
    const tensor = values.constant(name);
    return tensor && Number(tensor.data[0]);
  };
  const low = bound(inputs[1], Number.NEGATIVE_INFINITY);
  const high = bound(inputs[2], Number.POSITIVE_INFINITY);
  return low === undefined || high === undefined ? undefined : { low, high };
}

const activations: Readonly<Record<string, string>> = {
  "0,Infinity": "RELU",
  "0,6": "RELU6",
  "-1,1": "RELU_N1_TO_1",
};

/** The activation that cuts at such bounds; undefined when there is none. */
export const activationOf = ({ low, high }: Bounds): string | undefined =>
  activations[`${low},${high}`];

/** The bounds of a Relu or Clip node. */
export { boundsOf };

/** Integers that cannot hold what is cut off need no cutting. */
function int8Activation(
  bounds: Bounds,
  integers: readonly (readonly string[])[],
  values: Values,
): string | undefined {
  const { scales = [], zeroPoints = [] } = values.quantization(integers[0]?.[0] ?? "") ?? {};
  const [scale = 0, zero = 0] = [scales[0], zeroPoints[0]];
  const isInside =
    bounds.low <= (-128 - zero + 0.5) * scale && bounds.high >= (127 - zero - 0.5) * scale;
  return isInside ? "NONE" : activationOf(bounds);
}
