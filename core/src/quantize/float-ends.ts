import type { Graph, Node, ValueInfo } from "../graph/graph.ts";
import { renameValues } from "../graph/rename.ts";
import type { DType } from "../graph/tensor.ts";
import { linksOf } from "./links.ts";

const narrow: ReadonlySet<DType> = new Set(["int8", "uint8", "int16", "uint16"]);

/**
 * Makes integer inputs and outputs of a graph float ones of the same name, rounded with the graph's own scales: what a
 * fully integer .tflite file needs before it can learn. Those whose scale the graph does not tell stay.
 *
 * A graph without any comes back as it is.
 */
export function floatEnds(graph: Graph): Graph {
  const links = linksOf(graph);
  const quantizer = (info: ValueInfo): Node | undefined => {
    const readers = links.readers(info.name);
    const [reader] = readers;
    const scaled = readers.every(({ op }) => op === "DequantizeLinear");
    if (!narrow.has(info.dtype) || reader === undefined || !scaled) return undefined;
    const inputs = [info.name, ...reader.inputs.slice(1)];
    return {
      ...reader,
      name: rounded(info),
      op: "QuantizeLinear",
      inputs,
      outputs: [rounded(info)],
    };
  };
  const dequantizer = (info: ValueInfo): Node | undefined => {
    const maker = links.maker(info.name);
    if (!narrow.has(info.dtype) || maker?.op !== "QuantizeLinear") return undefined;
    const inputs = [rounded(info), ...maker.inputs.slice(1)];
    return { ...maker, name: info.name, op: "DequantizeLinear", inputs, outputs: [info.name] };
  };
  const before = new Map(graph.inputs.map((info) => [info, quantizer(info)]));
  const after = new Map(graph.outputs.map((info) => [info, dequantizer(info)]));
  const added = [...before, ...after].filter(([, node]) => node !== undefined);
  if (added.length === 0) return graph;
  const names = new Map(added.map(([info]) => [info.name, rounded(info)]));
  const inside = renameValues(graph, (name) => names.get(name) ?? name);
  const nodesOf = (nodes: ReadonlyMap<ValueInfo, Node | undefined>): readonly Node[] =>
    [...nodes.values()].filter((node) => node !== undefined);
  const ends = (nodes: ReadonlyMap<ValueInfo, Node | undefined>): readonly ValueInfo[] =>
    [...nodes].map(([info, node]) => (node === undefined ? info : { ...info, dtype: "float32" }));
  return {
    ...inside,
    inputs: ends(before),
    outputs: ends(after),
    nodes: [...nodesOf(before), ...inside.nodes, ...nodesOf(after)],
  };
}

const rounded = ({ name }: ValueInfo): string => `${name}.integers`;
