import type { Graph, Node } from "../../graph/graph.ts";
import type { Known } from "../../graph/operator.ts";

/** Operators that give out what came in, and how many of their inputs that is. */
const moves: ReadonlyMap<string, "first" | "all"> = new Map([
  ...["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Split", "Gather"].map(
    (op) => [op, "first"] as const,
  ),
  ...["MaxPool", "Pad", "Tile", "Expand"].map((op) => [op, "first"] as const),
  ["Concat", "all"],
]);

/** Names of the scale and the zero point that integers have. */
type Scale = readonly string[];

const dataOf = (node: Node): readonly string[] => {
  const count = node.domain === undefined ? moves.get(node.op) : undefined;
  if (count === undefined) return [];
  return count === "all" ? node.inputs : node.inputs.slice(0, 1);
};

/**
 * Writes moves of 8-bit integers as moves of real numbers between DequantizeLinear and QuantizeLinear, which is how the
 * other rules tell what integers mean. Integers whose scale nobody says stay as they are.
 */
export function realMoves(graph: Graph, known: ReadonlyMap<string, Known>): Graph {
  const isByte = (name: string): boolean => /^u?int8$/.test(known.get(name)?.dtype ?? "");
  const scales = scalesOf(graph, isByte);
  const nodes = graph.nodes.flatMap((node) => {
    const data = dataOf(node);
    const values = [...data, ...node.outputs.filter((name) => name !== "")];
    const scale = scales.get(data[0] ?? "");
    const isRaw = data.length > 0 && values.every(isByte);
    const isAlike = values.every((name) => String(scales.get(name)) === String(scale));
    const isReal = scale && isRaw && isAlike && padsWithZero(node, scale);
    return isReal ? realMove(node, data, scale) : [node];
  });
  return { ...graph, nodes };
}

/** Integers are padded with what stands for 0 among them, or the pad is not one of real numbers' 0. */
const padsWithZero = ({ op, inputs, attributes }: Node, [, zero]: Scale): boolean =>
  op !== "Pad" || inputs[2] === zero || attributes["mode"] !== undefined;

/** Scales by value: from the nodes that round, and from there through moves, both ways. */
function scalesOf(graph: Graph, isByte: (name: string) => boolean): ReadonlyMap<string, Scale> {
  const scales = new Map<string, Scale>();
  for (const { op, inputs, outputs } of graph.nodes) {
    const [value = "", scale = "", zero = ""] = inputs;
    // A list of scales runs along an axis that a move would have to follow.
    const isOne = graph.initializers.get(scale)?.data.length === 1;
    if (isOne && op === "QuantizeLinear") scales.set(outputs[0] ?? "", [scale, zero]);
    if (isOne && op === "DequantizeLinear") scales.set(value, [scale, zero]);
  }
  const spread = (node: Node): void => {
    const values = [...dataOf(node), ...node.outputs].filter(isByte);
    const found = dataOf(node).length > 0 ? values.find((name) => scales.has(name)) : undefined;
    const scale = scales.get(found ?? "");
    for (const name of values) if (scale && !scales.has(name)) scales.set(name, scale);
  };
  for (const node of graph.nodes) spread(node);
  for (const node of graph.nodes.toReversed()) spread(node);
  return scales;
}

function realMove(node: Node, data: readonly string[], scale: Scale): readonly Node[] {
  const attributes = {};
  const parameters = scale.filter((name) => name !== "");
  const named = (name: string): string => `${node.outputs[0]}/real/${name}`;
  const around = (op: string, from: string, to: string): Node => ({
    name: to,
    op,
    inputs: [from, ...parameters],
    outputs: [to],
    attributes,
  });
  const given = node.inputs.slice(data.length);
  // The zero point that integers are padded with is 0, which goes without saying.
  const rest = node.op === "Pad" ? given.toSpliced(1, 1, ...(given.length > 2 ? [""] : [])) : given;
  const before = data.map((name, index) =>
    around("DequantizeLinear", name, named(`${index}/${name}`)),
  );
  const move: Node = {
    ...node,
    inputs: [...before.flatMap(({ outputs }) => outputs), ...rest],
    outputs: node.outputs.map((name) => (name === "" ? name : named(name))),
  };
  const after = node.outputs
    .filter((name) => name !== "")
    .map((name) => around("QuantizeLinear", named(name), name));
  return [...before, move, ...after];
}
