import type { GraphBuilder } from "../graph/builder.ts";
import { graphBuilder } from "../graph/builder.ts";
import type { Graph, ValueInfo } from "../graph/graph.ts";
import { inferValues } from "../graph/infer.ts";
import { renameValues } from "../graph/rename.ts";
import { dropUnused } from "../graph/simplify.ts";
import { validate } from "../graph/validate.ts";
import { EdgeloopError } from "../platform/errors.ts";
import { importRowOf } from "./import/rows.ts";
import { siteOf } from "./import/site.ts";
import type { Importing } from "./import/values.ts";
import { dimsOf, nameOf, rawOf, tensorAt } from "./import/values.ts";
import { widenHalves } from "./import/widen-halves.ts";
import type { TfliteModel, TfliteOperator, TfliteSubgraph } from "./model.ts";
import { readOptions } from "./operator-options.ts";
import { dtypeOfTflite } from "./tensor-types.ts";

/**
 * Turns a .tflite model into a graph that computes the same: inputs and outputs keep names, types and order of axes.
 *
 * Quantized values become pairs of QuantizeLinear and DequantizeLinear with the file's scales, so that the graph runs
 * on integers, trains, and is written as ONNX. Convolutions go channels-first; axes are moved only where they must.
 * An open first dimension is called `N`. A tensor that keeps its content from run to run starts as zeros each time.
 *
 * @throws `TFLITE_OPERATOR_UNSUPPORTED` naming the operators that are not imported, `TFLITE_UNSUPPORTED` naming what of
 * one is not, `TFLITE_INVALID` or `GRAPH_INVALID` for a model that contradicts itself.
 */
export function fromTflite(model: TfliteModel): Graph {
  const [main] = model.subgraphs;
  if (main === undefined) throw invalid("a model needs a subgraph", {});
  refuseOperators(main);
  const subgraph = widenHalves(main);
  const importing: Importing = {
    builder: graphBuilder(subgraph.name),
    subgraph,
    names: new Map(),
  };
  for (const place of subgraph.inputs) addInput(importing, place);
  const kept = new Set(subgraph.operators);
  for (const [index, operator] of main.operators.entries()) {
    if (!kept.has(operator)) continue;
    importRowOf(operator.op)?.(siteOf(importing, withDefaults(operator), index));
  }
  const results = subgraph.outputs.map((place) => resultOf(importing, place));
  const graph = dropUnused(named(importing.builder, results));
  validate(graph);
  const values = inferValues(graph);
  return { ...graph, outputs: graph.outputs.map((info) => values.get(info.name) ?? info) };
}

/** All of them at once, so that a person need not try again and again. */
function refuseOperators({ operators }: TfliteSubgraph): void {
  const unknown = operators
    .map(({ op, custom = op }, index) => ({ op, name: custom, index }))
    .filter(({ op }) => importRowOf(op) === undefined);
  const told = [...Map.groupBy(unknown, ({ name }) => name)].map(
    ([name, [first]]) => `${name} (operator ${first?.index})`,
  );
  if (told.length === 0) return;
  throw new EdgeloopError("TFLITE_OPERATOR_UNSUPPORTED", `not imported: ${told.join(", ")}`, {
    details: { operators: [...new Set(unknown.map(({ name }) => name))], index: unknown[0]?.index },
  });
}

/** Models that were not read from a file may leave settings out. */
const withDefaults = (operator: TfliteOperator): TfliteOperator => ({
  ...operator,
  options: { ...readOptions(operator.op, undefined), ...operator.options },
});

function addInput(importing: Importing, place: number): void {
  const info = infoOf(importing.subgraph, place);
  importing.names.set(`${place}:raw:last`, importing.builder.input(info));
}

function infoOf(subgraph: TfliteSubgraph, place: number): ValueInfo {
  const tensor = tensorAt(subgraph, place);
  const dtype = dtypeOfTflite(tensor.type);
  if (dtype !== undefined) return { name: nameOf(tensor, place), dtype, shape: dimsOf(tensor) };
  throw new EdgeloopError("TFLITE_UNSUPPORTED", `values of ${tensor.type} are not imported`, {
    details: { tensor: nameOf(tensor, place), type: tensor.type },
  });
}

/** A value that the model gives out, and how the file calls it. */
type Result = { readonly value: string; readonly info: ValueInfo };

function resultOf(importing: Importing, place: number): Result {
  const info = infoOf(importing.subgraph, place);
  const value = rawOf(importing, place, "last");
  if (value !== undefined) return { value, info };
  throw invalid("an output is never computed", { tensor: info.name });
}

/** Gives outputs the file's names; one that is an input, a constant or another output too is passed on. */
function named(builder: GraphBuilder, results: readonly Result[]): Graph {
  const outputs = results.map(({ value, info }) => ({
    ...info,
    name: builder.add("Identity", [value], { name: info.name }),
  }));
  const graph = builder.build();
  const fixed = new Set([...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()]);
  const renames = new Map<string, string>();
  const nodes = graph.nodes.filter(({ op, inputs: [value = ""], outputs: [name = ""] }) => {
    if (op !== "Identity" || fixed.has(value) || renames.has(value)) return true;
    renames.set(value, name);
    return false;
  });
  const renamed = renameValues({ ...graph, nodes }, (name) => renames.get(name) ?? name);
  return { ...renamed, outputs };
}

const invalid = (message: string, details: Readonly<Record<string, unknown>>): EdgeloopError =>
  new EdgeloopError("TFLITE_INVALID", message, { details });
