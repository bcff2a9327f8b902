import { graphBuilder, int } from "../graph/builder.ts";
import type { Graph, ValueInfo } from "../graph/graph.ts";
import { renameValues } from "../graph/rename.ts";
import { i64 } from "../graph/tensor.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { TrainingStep } from "./training-step.ts";

/** Most steps that are written out in one graph: each is a copy of all its nodes. */
export const unrolledStepsMax = 256;

/**
 * Writes out several training steps one after the other, so that one call takes several batches.
 *
 * What changes from batch to batch (the model's inputs, `target`, `weight`, `seed`) gets a leading axis of `count`;
 * `learningRate`, anchors, variates and the carried inputs stay as they are. `loss` becomes `[count]`: the loss of each
 * step, at the parameters that it started from. The carried outputs are those of the last step.
 *
 * @throws `UNROLL_INVALID` for a count that is no whole number from 1 to {@link unrolledStepsMax}.
 */
export function unrollSteps(step: TrainingStep, count: number): TrainingStep {
  if (!(Number.isInteger(count) && count >= 1 && count <= unrolledStepsMax)) {
    throw new EdgeloopError(
      "UNROLL_INVALID",
      `the number of steps in one call must be a whole number from 1 to ${unrolledStepsMax}, not ${count}`,
      { details: { count } },
    );
  }
  const { graph, carry } = step;
  const batched = batchInputs(step);
  const builder = graphBuilder({
    ...graph,
    inputs: graph.inputs.map((info) => (batched.has(info.name) ? stacked(info, count) : info)),
    outputs: graph.outputs.map((info) => (info.name === "loss" ? stacked(info, count) : info)),
    nodes: [],
  });
  const stem = freeStem(graph);
  const shared = new Set([...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()]);
  for (const name of batched) shared.delete(name);
  const carried = new Set(carry.map(([output]) => output));
  const sources = new Map(carry.map(([output, input]) => [input, output]));
  for (let at = 0; at < count; at += 1) {
    const own = (name: string): string => `${stem}${at}/${name}`;
    const index = builder.constant(i64([at], []), `${stem}${at}`);
    for (const name of batched) {
      builder.add("Gather", [name, index], {
        attributes: { axis: int(0) },
        name: own(`${name}/batch`),
        outputs: [own(name)],
      });
    }
    const isLast = at === count - 1;
    const nameOf = (name: string): string => {
      const source = sources.get(name);
      if (source !== undefined) return at === 0 ? name : `${stem}${at - 1}/${source}`;
      if (shared.has(name) || (isLast && carried.has(name))) return name;
      return own(name);
    };
    for (const node of renameValues(graph, nameOf).nodes) {
      builder.push({ ...node, name: own(node.name) });
    }
  }
  const losses = Array.from({ length: count }, (_, at) =>
    builder.add("Unsqueeze", [`${stem}${at}/loss`, builder.constant(i64([0]), `${stem}axis`)], {
      name: `${stem}${at}/loss/row`,
    }),
  );
  builder.add("Concat", losses, { attributes: { axis: int(0) }, outputs: ["loss"] });
  return { ...step, graph: builder.build() };
}

/**
 * Names the inputs of a step that change from batch to batch: all but the carried ones, `learningRate`, and the anchors
 * and variates of parameters.
 */
export function batchInputs({ graph, carry }: Pick<TrainingStep, "graph" | "carry">): Set<string> {
  const shared = new Set([
    "learningRate",
    ...carry.flatMap(([, name]) => [name, `${name}.anchor`, `${name}.variate`]),
  ]);
  return new Set(graph.inputs.map(({ name }) => name).filter((name) => !shared.has(name)));
}

const stacked = (info: ValueInfo, count: number): ValueInfo =>
  info.shape === undefined ? info : { ...info, shape: [count, ...info.shape] };

/** How the names of a copy begin, such that no name of the graph does. */
function freeStem(graph: Graph): string {
  const names = [
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ];
  let stem = "batch";
  while (names.some((name) => name.startsWith(stem))) stem += "_";
  return stem;
}
