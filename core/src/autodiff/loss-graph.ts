import { graphBuilder } from "../graph/builder.ts";
import type { Graph, ValueInfo } from "../graph/graph.ts";
import { inferValues } from "../graph/infer.ts";
import { EdgeloopError } from "../platform/errors.ts";
import { emitter } from "./emitter.ts";
import type { Loss } from "./losses/loss.ts";
import { targetName, targetOf } from "./losses/loss.ts";

/** What a loss is of. */
type LossOf = { readonly loss: Loss; readonly output?: string };

/**
 * Finds the output that a loss is of, or what goes into its last operator when the loss contains that.
 *
 * @throws `VALUE_UNKNOWN` when the model has no such output.
 */
export function lossOutput(model: Graph, { loss, output }: LossOf): ValueInfo {
  const last = output ?? model.outputs[0]?.name ?? "";
  const producer = model.nodes.find(
    ({ op, outputs }) => op === loss.contains && outputs[0] === last,
  );
  const name = producer?.inputs[0] ?? last;
  const info = inferValues(model).get(name);
  if (info !== undefined) return { ...info, name };
  throw new EdgeloopError("VALUE_UNKNOWN", `the model has no output ${name}`, {
    details: { name, outputs: model.outputs.map((each) => each.name) },
  });
}

/** What a loss is measured of. */
export type LossGraphOptions = {
  readonly loss: Loss;
  /** The output that the loss is of; the first when absent. */
  readonly output?: string;
  /** Initialisers that become inputs, so that other values can be measured without opening the graph again. */
  readonly parameters?: readonly string[];
};

/**
 * Writes a model with its loss as the only output: to measure, without learning.
 *
 * Inputs: the model's, `target` (unless the loss is of the model's own input) and each of `parameters` under its own name. Dropout drops nothing.
 *
 * @throws `VALUE_UNKNOWN` when the model has no such output, `LOSS_INVALID`.
 * @example
 * const x = { name: "x", dtype: "float32", shape: ["N", 1] };
 * const node = { name: "neg", op: "Neg", inputs: ["x"], outputs: ["y"], attributes: {} };
 * const neg = { name: "neg", inputs: [x], outputs: [{ ...x, name: "y" }], nodes: [node], initializers: new Map() };
 * lossGraph(neg, { loss: meanSquared() }).inputs.map(({ name }) => name); // => ["x", "target"]
 */
export function lossGraph(model: Graph, options: LossGraphOptions): Graph {
  const { loss, parameters = [] } = options;
  const info = lossOutput(model, options);
  const kept = new Map([...model.initializers].filter(([each]) => !parameters.includes(each)));
  const builder = graphBuilder({ ...model, outputs: [], initializers: kept });
  for (const each of parameters) {
    const tensor = model.initializers.get(each);
    if (tensor) builder.input({ name: each, dtype: tensor.dtype, shape: tensor.shape });
  }
  const target = targetOf(loss, model, info);
  if (target === targetName) builder.input({ name: target, ...loss.target(info) });
  const emit = emitter(builder, "loss");
  emit.named("loss", "Identity", [loss.emit(emit, { output: info, target })]);
  builder.output({ name: "loss", dtype: "float32", shape: [] });
  return builder.build();
}
