import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TrainingEstimate } from "../../core/src/autodiff/estimate-training.ts";
import { nativeAvailable } from "../../core/src/runtime/node/probe.ts";
import type { Bench, Figure } from "./bench.ts";

const probe = join(dirname(fileURLToPath(import.meta.url)), "memory-probe.ts");

/** What is trained: network, batch, optimizer and, where not all of it, how the names of what is begin. */
const cases = [
  ["MLP 512-1024-10", "perceptron", "32", "sgd", ""],
  ["MLP 512-1024-10, Adam", "perceptron", "32", "adam", ""],
  ["MLP 512-1024-10, the head alone", "perceptron", "32", "sgd", "dense2"],
  ["1-D CNN 9x128", "activityCnn", "32", "sgd", ""],
  ["1-D CNN 9x128", "activityCnn", "128", "sgd", ""],
  ["DS-CNN 49x10", "keywordCnn", "16", "sgd", ""],
  ["DS-CNN 49x10", "keywordCnn", "64", "sgd", ""],
  ["ResNet-8 32x32", "residualCnn", "16", "sgd", ""],
  ["ResNet-8 32x32", "residualCnn", "4", "sgd", ""],
] as const;

async function measure(backend: string): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [label, network, batch, optimizer, only] of cases) {
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...["--expose-gc", "--conditions=@edgeloop/source", probe],
      ...[network, backend, batch, optimizer, only],
    ]);
    const found = JSON.parse(stdout) as {
      readonly measured: number;
      readonly estimated: TrainingEstimate;
    };
    const mebibytes = (found.measured / 2 ** 20).toFixed(1);
    figures.push({
      label: `${backend}, ${label}, batch ${batch}: estimate over ${mebibytes} MiB`,
      value: found.estimated.peakBytes / found.measured,
      unit: "ratio",
      ...{ atLeast: 0.8, atMost: 1.2 },
    });
  }
  return figures;
}

export const bench: Bench = {
  name: "memory",
  about:
    "what a training step takes, estimated before it runs, over what it took: the heap's reach on wasm, resident memory on native",
  run: async () => [
    ...(await measure("wasm")),
    ...((await nativeAvailable()) ? await measure("native") : []),
  ],
};
