// Whole networks, as PyTorch exports them, trained beside PyTorch: test/fixtures/training/make-networks.py.
import { expect, test } from "vitest";
import type { Network } from "../../../test/fixtures/training/network.ts";
import {
  batchOf,
  fill,
  formula,
  networks,
  openNetwork,
} from "../../../test/fixtures/training/network.ts";
import { openOnnx, runtimes } from "../../../test/reference/onnxruntime.ts";
import type { Tensor } from "../graph/tensor.ts";
import { scalar } from "../graph/tensor.ts";
import { softmaxCrossEntropy } from "./losses/cross-entropy.ts";
import { meanSquared } from "./losses/elementwise.ts";
import { adam } from "./optimizers/adam.ts";
import { sgd } from "./optimizers/sgd.ts";
import { trainingStep } from "./training-step.ts";

const batches = 6;

test("the batches are the script's", () => {
  expect([...fill(4, 3)]).toEqual(formula);
});

async function train(name: string, file: string, backend: "wasm" | "native") {
  const network = networks[name] as Network;
  const { classes, optimizer, rate } = network;
  const step = trainingStep(openNetwork(network, file), {
    loss: classes === 0 ? meanSquared() : softmaxCrossEntropy(),
    optimizer: optimizer === "sgd" ? sgd({ momentum: 0.9 }) : adam(),
    trainable: () => true,
  });
  const opened = await openOnnx(step.graph, backend);
  let state: Record<string, Tensor> = Object.fromEntries(step.initial);
  const losses: number[] = [];
  for (let at = 0; at < network.losses.length; at += 1) {
    const feeds = batchOf(name, network, at % batches);
    const out = await opened.run({ ...feeds, learningRate: scalar(rate), ...state });
    losses.push(Number(out["loss"]!.data[0]));
    state = Object.fromEntries(step.carry.map(([from, to]) => [to, out[from]!]));
  }
  await opened.release();
  return { network, losses, state };
}

const runs = Object.entries(networks).flatMap(([name, { files }]) =>
  files.flatMap((file) => [...runtimes.keys()].map((backend) => [name, file, backend] as const)),
);

/** A running variance as PyTorch counts it: `n / (n - 1)` times the batch's own, where ONNX takes that as it is. */
function unbiased(variance: Tensor, count: number, steps: number): Tensor {
  // What is left of the variance 1 of the start is no batch's.
  const rest = 0.9 ** steps;
  const data = Float64Array.from(
    variance.data as Float32Array,
    (e) => rest + ((e - rest) * count) / (count - 1),
  );
  return { dtype: "float64", shape: variance.shape, data };
}

/** The softmax does not depend on the bias of the keys: Adam makes steps of the rounding noise of its gradient, 0. */
const drifting: ReadonlySet<string> = new Set(["qkv.bias", "layer.self_attn.in_proj_bias"]);

const lengthOf = ({ data }: Tensor): number =>
  Math.hypot(...Array.from<number | bigint, number>(data as Float32Array, Number));

test.for(runs)("%s (%s) on %s: 100 steps follow PyTorch's", async ([name, file, backend]) => {
  const { network, losses, state } = await train(name, file, backend);
  for (const [at, expected] of network.losses.entries()) {
    const error = Math.abs(losses[at]! - expected) / expected;
    expect(error, `step ${at}: ${losses[at]} for ${expected}`).toBeLessThan(1e-3);
  }
  for (const [key, length] of Object.entries(network.norms)) {
    // What a folded weight is called, only its file knows.
    const found = state[key];
    if (found === undefined || drifting.has(key)) continue;
    const count = network.counts[key];
    const actual = lengthOf(
      count === undefined ? found : unbiased(found, count, network.losses.length),
    );
    expect(Math.abs(actual - length), `${key}: ${actual} for ${length}`).toBeLessThan(
      1e-3 * (0.1 + length),
    );
  }
});
