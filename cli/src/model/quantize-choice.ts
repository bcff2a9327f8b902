import type { Graph } from "@edgeloop/core/graph";
import type { Noise } from "@edgeloop/core/quantize";
import { excludeWithin, layerNoise, tensorNoise } from "@edgeloop/core/quantize";
import type { Make } from "./quantize-maker.ts";
import type { QuantizeReport } from "./quantize-report.ts";
import type { QuantizeTask } from "./quantize-task.ts";
import { candidatesOf, counting, lossesOf } from "./quantize-task.ts";

async function rank(
  task: QuantizeTask,
  { alone: makeAlone, excluded }: { readonly alone: Make; readonly excluded: readonly string[] },
): Promise<readonly Noise[]> {
  const layers = candidatesOf(task, excluded);
  const names = layers.map(({ name }) => name);
  const alone = ({ name }: { readonly name: string }): Graph =>
    makeAlone([...excluded, ...names.filter((other) => other !== name)]);
  const data = counting(task, "measuring, layer", layers.length);
  return await layerNoise(task.graph, { layers, alone }, data);
}

/** Nodes that stay in float, and what that buys. */
export type Chosen = {
  readonly exclude: readonly string[];
  readonly budget?: { readonly loss: number; readonly lossOfAll: number };
};

/** Adds to the nodes that stay in float what the accuracy budget asks for. */
export async function chooseFloat(
  task: QuantizeTask,
  parts: { readonly make: Make; readonly alone: Make; readonly excluded: readonly string[] },
): Promise<Chosen> {
  const { make, excluded } = parts;
  const { accuracyBudget } = task.settings;
  if (accuracyBudget === undefined) return { exclude: excluded };
  const ranked = await rank(task, parts);
  const worstFirst = ranked.map(({ name }) => name);
  const { exclude, loss, lossOfAll } = await excludeWithin(
    worstFirst,
    accuracyBudget,
    async (more) => (await lossesOf(task, make([...excluded, ...more]))).loss,
  );
  return { exclude: [...excluded, ...exclude], budget: { loss, lossOfAll } };
}

/** Measures every tensor, and every layer alone. */
export async function measure(
  task: QuantizeTask,
  parts: { readonly alone: Make; readonly excluded: readonly string[]; readonly quantized: Graph },
): Promise<QuantizeReport> {
  const { graph, data } = task;
  const counted = counting(task, "comparing tensors, batch", data.batches.length);
  const tensors = await tensorNoise(graph, parts.quantized, counted);
  return { tensors, layers: await rank(task, parts) };
}
