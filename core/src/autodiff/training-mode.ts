import { floatOf } from "../graph/attributes.ts";
import { float, int } from "../graph/builder.ts";
import type { Graph, Node } from "../graph/graph.ts";
import type { Emitter } from "./emitter.ts";

/** A running statistic of a normalization, and the value of the batch that it moves towards. */
export type RunningStatistic = {
  readonly name: string;
  readonly batch: string;
  readonly momentum: number;
};

/** A graph whose chosen normalizations use the batch's own statistics. */
export type TrainingMode = {
  readonly graph: Graph;
  readonly statistics: readonly RunningStatistic[];
};

/**
 * Puts BatchNormalization nodes in training mode.
 *
 * With a momentum of 0 the operator's running outputs are the batch's own mean and (population) variance, which
 * the gradient needs too; `emitStatistics` then moves the running ones as ONNX says.
 *
 * @param trains Tells whether a normalization trains, by the names of its scale and bias.
 */
export function trainingMode(graph: Graph, trains: (parameter: string) => boolean): TrainingMode {
  const statistics: RunningStatistic[] = [];
  const nodes = graph.nodes.flatMap((node): Node[] => {
    const isOne = node.op === "BatchNormalization" && (node.domain ?? "") === "";
    if (!(isOne && node.inputs.slice(1, 3).some(trains))) return [node];
    const momentum = floatOf(node, "momentum", 0.9);
    const [x = "", scale = "", bias = "", oldMean = "", oldVariance = ""] = node.inputs;
    const y = node.outputs[0] ?? "";
    const [mean, variance] = [`${y}/mean`, `${y}/variance`];
    statistics.push({ name: oldMean, batch: mean, momentum });
    statistics.push({ name: oldVariance, batch: variance, momentum });
    const spares = [oldMean, oldVariance].map((name) => spare(name, `${y}/spare/${name}`));
    const inputs = [x, scale, bias, ...spares.flatMap((each) => each.outputs)];
    return [
      ...spares,
      { ...node, inputs, outputs: [y, mean, variance], attributes: training(node) },
    ];
  });
  return { graph: { ...graph, nodes }, statistics };
}

/**
 * onnxruntime writes a normalization's running outputs over the running inputs, even when others read those or they
 * are the caller's. It gets a buffer of its own; the values do not matter at momentum 0.
 */
const spare = (name: string, output: string): Node => ({
  name: output,
  op: "Neg",
  inputs: [name],
  outputs: [output],
  attributes: {},
});

const training = (node: Node): Node["attributes"] => ({
  ...node.attributes,
  training_mode: int(1),
  momentum: float(0),
});

/** Emits `<name>.next = name * momentum + batch * (1 - momentum)` of each running statistic. */
export function emitStatistics(emit: Emitter, statistics: readonly RunningStatistic[]): void {
  for (const { name, batch, momentum } of statistics) {
    const kept = emit.op("Mul", [name, emit.number(momentum, "float32")]);
    const fresh = emit.op("Mul", [batch, emit.number(1 - momentum, "float32")]);
    emit.named(`${name}.next`, "Add", [kept, fresh]);
  }
}
