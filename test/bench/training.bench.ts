import { sgd, softmaxCrossEntropy, trainingStep } from "../../core/src/autodiff/index.ts";
import type { Tensors } from "../../core/src/graph/tensor.ts";
import { f32, i64, scalar } from "../../core/src/graph/tensor.ts";
import { openSession } from "../../core/src/runtime/node/open.ts";
import { nativeAvailable } from "../../core/src/runtime/node/probe.ts";
import type { Backend } from "../../core/src/runtime/session.ts";
import type { Bench, Figure } from "./bench.ts";
import { interleaved, ratio } from "./bench.ts";
import { gatewayCnn, windows } from "./bench-models.ts";

const batchSize = 32;

async function measure(backend: Backend): Promise<readonly Figure[]> {
  const model = gatewayCnn();
  const step = trainingStep(model, {
    loss: softmaxCrossEntropy(),
    optimizer: sgd({ momentum: 0.9 }),
    trainable: () => true,
    weighted: true,
  });
  const forward = await openSession(model, { backend });
  const session = await openSession(step.graph, { backend });
  const initial: Tensors = Object.fromEntries(step.initial);
  const loop = await session.loop({ carry: step.carry, initial });
  const batch = windows(batchSize);
  const feeds: Tensors = {
    ...batch,
    target: i64(Array.from({ length: batchSize }, (_, index) => index % 4)),
    weight: f32(new Float32Array(batchSize).fill(1)),
    learningRate: scalar(0.001),
  };
  const times = await interleaved({
    forward: () => forward.run(batch, ["logits"]),
    loop: () => loop.step(feeds),
    run: () => session.run({ ...initial, ...feeds }),
  });
  const name = `${backend}, batch ${batchSize}`;
  return [
    ratio(`${name}: training step over forward pass`, times.loop, times.forward),
    { label: `${name}: one training step`, value: times.loop, unit: "us" },
    ratio(
      `${name}: the same step without a loop (weights in and out) over the loop's`,
      times.run,
      times.loop,
    ),
  ];
}

export const bench: Bench = {
  name: "training",
  about:
    "forward, loss, backward and SGD with momentum as one graph, against the forward pass; arithmetic says 2.8 and up",
  run: async () => [
    ...(await measure("wasm")),
    ...((await nativeAvailable()) ? await measure("native") : []),
  ],
};
