import { afterAll, beforeAll, expect, test } from "vitest";
import { adam, softmaxCrossEntropy, trainingStep, unrollSteps } from "../autodiff/index.ts";
import { graphBuilder, int } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensors } from "../graph/tensor.ts";
import { f32, i64, scalar } from "../graph/tensor.ts";
import { virtualClock } from "../platform/clock.ts";
import { systemClock } from "../platform/node/system-clock.ts";
import { gaussian, seededRng } from "../platform/random.ts";
import { openSession as openOnNode } from "../runtime/node/open.ts";
import { nativeAvailable } from "../runtime/node/probe.ts";
import { openSession } from "../runtime/open.ts";
import type { Backend, Session } from "../runtime/session.ts";
import { tensorDataset } from "./batches.ts";
import { constant } from "./schedule.ts";
import type { TrainingOptions, TrainingResult } from "./training-loop.ts";
import { runTraining, turnMsMax } from "./training-loop.ts";

// One parameter w, model w x, loss sum(weight (w x - target)^2) / sum(weight), its gradient written out by hand.
function stepGraph(hasWeight: boolean): Graph {
  const b = graphBuilder("step");
  const batch = { dtype: "float32", shape: ["N"] } as const;
  const [x, target] = [b.input({ name: "x", ...batch }), b.input({ name: "target", ...batch })];
  const w = b.input({ name: "w", dtype: "float32", shape: [] });
  const rate = b.input({ name: "learningRate", dtype: "float32", shape: [] });
  const weight = hasWeight
    ? b.input({ name: "weight", ...batch })
    : b.add("Add", [b.add("Mul", [x, b.constant(scalar(0))]), b.constant(scalar(1))]);
  const scalarSum = { attributes: { keepdims: int(0) } };
  const total = b.add("ReduceSum", [weight], scalarSum);
  const error = b.add("Sub", [b.add("Mul", [x, w]), target]);
  const weighedError = b.add("Mul", [error, weight]);
  const squares = b.add("ReduceSum", [b.add("Mul", [weighedError, error])], scalarSum);
  b.add("Div", [squares, total], { outputs: ["loss"] });
  const slope = b.add("ReduceSum", [b.add("Mul", [weighedError, x])], scalarSum);
  const gradient = b.add("Mul", [b.add("Div", [slope, total]), b.constant(scalar(2))]);
  b.add("Sub", [w, b.add("Mul", [rate, gradient])], { outputs: ["w.next"] });
  b.output({ name: "loss", dtype: "float32", shape: [] });
  b.output({ name: "w.next", dtype: "float32", shape: [] });
  return b.build();
}

let weighted: Session;
let plain: Session;
beforeAll(async () => {
  weighted = await openSession(stepGraph(true), { backend: "wasm" });
  plain = await openSession(stepGraph(false), { backend: "wasm" });
});
afterAll(async () => {
  await weighted.dispose();
  await plain.dispose();
});

const options = (over: Partial<TrainingOptions> = {}): TrainingOptions => ({
  session: weighted,
  carry: [["w.next", "w"]],
  initial: { w: scalar(0) },
  dataset: tensorDataset({ x: f32([1, 2, 3, 4, 5]), target: f32([2, 4, 6, 8, 10]) }),
  batchSize: 2,
  epochs: 20,
  seed: 1,
  learningRate: constant(0.02),
  clock: virtualClock(),
  ...over,
});
const w = (parameters: Tensors): number => Number(parameters["w"]?.data[0]);

test("training finds the line that the data lie on, and the loss falls", async () => {
  const { parameters, epochs, bestEpoch } = await runTraining(options());
  expect(w(parameters)).toBeCloseTo(2, 3);
  expect(epochs.length).toBe(20);
  expect(epochs.at(-1)?.loss).toBeLessThan(1e-3 * (epochs[0]?.loss ?? 0));
  expect([bestEpoch, epochs.at(-1)?.steps]).toEqual([19, 60]);
});

test("one full batch is one step of gradient descent, computed by hand", async () => {
  // w = 0: loss = mean(target^2) = 220 / 5; slope = 2 mean(x (0 - 2 x)) = -44; w = 0.02 * 44.
  const { parameters, epochs } = await runTraining(options({ batchSize: 5, epochs: 1 }));
  expect(epochs[0]?.loss).toBeCloseTo(44, 4);
  expect(w(parameters)).toBeCloseTo(0.88, 5);
});

test("padding weighs nothing: a padded batch gives the full batch's step", async () => {
  const full = await runTraining(options({ batchSize: 5, epochs: 1 }));
  const padded = await runTraining(options({ batchSize: 8, epochs: 1 }));
  expect(w(padded.parameters)).toBeCloseTo(w(full.parameters), 6);
  expect(padded.epochs[0]?.loss).toBeCloseTo(full.epochs[0]?.loss ?? 0, 5);
});

test("weights of the dataset count, and padding zeroes them", async () => {
  const dataset = tensorDataset({
    x: f32([1, 2, 3]),
    target: f32([2, 4, 100]),
    weight: f32([1, 1, 0]),
  });
  const { parameters } = await runTraining(options({ dataset, epochs: 100, batchSize: 4 }));
  expect(w(parameters)).toBeCloseTo(2, 3);
});

test("without a weight input the last batch that is not full is left out", async () => {
  const { epochs } = await runTraining(options({ session: plain, epochs: 2 }));
  expect(epochs.map(({ steps }) => steps)).toEqual([2, 4]);
});

test("the same inputs give the same bits; another seed gives others", async () => {
  const [one, two] = [await runTraining(options()), await runTraining(options())];
  expect(two).toEqual(one);
  const other = await runTraining(options({ seed: 2 }));
  expect(other.epochs).not.toEqual(one.epochs);
});

test("initial parameters may be a Map, and are not changed", async () => {
  const initial = new Map([["w", scalar(0)]]);
  expect(await runTraining(options({ initial }))).toEqual(await runTraining(options()));
  expect(initial.get("w")).toEqual(scalar(0));
});

test("the schedule is asked once a step, with the number of all steps", async () => {
  const asked: (readonly number[])[] = [];
  const learningRate = (step: number, steps: number): number => {
    asked.push([step, steps]);
    return 0.01;
  };
  await runTraining(options({ epochs: 2, learningRate }));
  expect(asked).toEqual(Array.from({ length: 6 }, (_, step) => [step, 6]));
});

test("early stopping ends after its patience and keeps the best parameters", async () => {
  const metrics = [1, 5, 3, 4, 9, 9];
  const seen: number[] = [];
  const result = await runTraining(
    options({
      evaluate: (parameters) => {
        seen.push(w(parameters));
        return metrics[seen.length - 1] ?? 0;
      },
      earlyStopping: { goal: "max", patienceEpochs: 2 },
    }),
  );
  expect(result.epochs.map(({ metric }) => metric)).toEqual([1, 5, 3, 4]);
  expect([result.bestEpoch, w(result.parameters)]).toEqual([1, seen[1]]);
});

test("a goal of min keeps the smallest metric", async () => {
  let epoch = 0;
  const result = await runTraining(
    options({
      epochs: 3,
      evaluate: () => [3, 1, 2][epoch++] ?? 0,
      earlyStopping: { goal: "min", patienceEpochs: 10 },
    }),
  );
  expect([result.bestEpoch, result.epochs.length]).toEqual([1, 3]);
});

test("an abort ends training with the signal's reason", async () => {
  const controller = new AbortController();
  const onEpoch = (): void => controller.abort(new TypeError("enough"));
  await expect(runTraining(options({ onEpoch, signal: controller.signal }))).rejects.toThrow(
    "enough",
  );
});

test("stopping keeps the best epoch so far, or the last parameters, and says so", async () => {
  const stopAfter = (epochs: number) => {
    const controller = new AbortController();
    const onEpoch = ({ epoch }: { readonly epoch: number }): void => {
      if (epoch === epochs - 1) controller.abort();
    };
    return { onEpoch, stop: controller.signal };
  };
  const last = await runTraining(options(stopAfter(3)));
  const three = await runTraining(options({ epochs: 3 }));
  expect(last).toEqual({ ...three, isStopped: true });
  let asked = 0;
  const best = await runTraining(
    options({
      ...stopAfter(3),
      evaluate: () => [2, 1, 3][asked++] ?? 0,
      earlyStopping: { goal: "min", patienceEpochs: 9 },
    }),
  );
  expect(best).toMatchObject({ bestEpoch: 1, isStopped: true, epochs: { length: 3 } });
});

test("stopping before the first epoch has ended leaves nothing to keep", async () => {
  await expect(runTraining(options({ stop: AbortSignal.abort() }))).rejects.toMatchObject({
    code: "TRAINING_INTERRUPTED",
    message: "training was stopped before its first epoch ended",
  });
});

test("a loss that is not finite ends training with the step's number", async () => {
  await expect(runTraining(options({ learningRate: constant(1e30) }))).rejects.toMatchObject({
    code: "TRAINING_DIVERGED",
    details: { epoch: 0 },
  });
});

test("nothing to train on is TRAINING_INVALID", async () => {
  const dataset = tensorDataset({ x: f32([1]), target: f32([1]) });
  const invalid = { code: "TRAINING_INVALID" };
  await expect(runTraining(options({ session: plain, dataset }))).rejects.toMatchObject(invalid);
  await expect(runTraining(options({ epochs: 0 }))).rejects.toMatchObject(invalid);
});

test("training lets the event loop go once a turn has lasted long enough", async () => {
  // Each step takes 8 ms of this clock: after every third, 24 ms have passed.
  const turns: number[] = [];
  let [nowMs, steps] = [0, 0];
  const clock = {
    ...virtualClock(),
    monotonicMs: () => nowMs,
    sleep: () => Promise.resolve(void turns.push(steps)),
  };
  const learningRate = (): number => {
    [nowMs, steps] = [nowMs + 8, steps + 1];
    return 0.01;
  };
  await runTraining(options({ clock, epochs: 3, learningRate }));
  expect(turns).toEqual([3, 6, 9]);
  expect(turnMsMax).toBeLessThan(50);
});

test("timers fire while it trains", async () => {
  let fired = 0;
  const timer = setInterval(() => {
    fired += 1;
  }, 1);
  await runTraining(options({ clock: systemClock, epochs: 3000 }));
  clearInterval(timer);
  expect(fired).toBeGreaterThan(1);
});

// Two classes on either side of a line through the origin, and the network that autodiff turns into a step.
function perceptron(): Graph {
  const b = graphBuilder("perceptron");
  b.input({ name: "x", dtype: "float32", shape: ["N", 2] });
  b.initializer("w", f32([0.1, -0.1, 0.05, 0.02], [2, 2]));
  b.initializer("b", f32([0, 0]));
  b.add("Add", [b.add("MatMul", ["x", "w"]), "b"], { outputs: ["logits"] });
  b.output({ name: "logits", dtype: "float32", shape: ["N", 2] });
  return b.build();
}
const rng = seededRng(5);
const points = Array.from({ length: 45 }, () => [gaussian(rng), gaussian(rng)] as const);
const classes = points.map(([x, y]) => (x + 2 * y > 0 ? 1 : 0));

async function trainPerceptron(backend: Backend, count?: number): Promise<TrainingResult> {
  const step = trainingStep(perceptron(), {
    loss: softmaxCrossEntropy(),
    optimizer: adam(),
    trainable: () => true,
    weighted: true,
  });
  const session = await openOnNode(step.graph, { backend });
  const many = count === undefined ? undefined : unrollSteps(step, count);
  const unrolled = many && {
    session: await openOnNode(many.graph, { backend }),
    count: count ?? 1,
  };
  const dataset = tensorDataset({ x: f32(points.flat(), [45, 2]), target: i64(classes) });
  const { carry, initial } = step;
  const rate = constant(0.1);
  const over = { session, carry, initial, dataset, learningRate: rate, batchSize: 8, epochs: 40 };
  const result = await runTraining(options({ ...over, ...(unrolled ? { unrolled } : {}) }));
  await session.dispose();
  await unrolled?.session.dispose();
  return result;
}

const accuracy = ({ parameters }: TrainingResult): number => {
  const [weights, bias] = [parameters["w"]?.data ?? [], parameters["b"]?.data ?? []].map((data) =>
    Array.from(data, Number),
  ) as [number[], number[]];
  const score = (at: number, point: readonly [number, number]): number =>
    point[0] * weights[at]! + point[1] * weights[2 + at]! + bias[at]!;
  const right = points.filter(
    (point, at) => (score(1, point) > score(0, point) ? 1 : 0) === classes[at],
  );
  return right.length / points.length;
};

const backends: Backend[] = (await nativeAvailable()) ? ["wasm", "native"] : ["wasm"];
test.for(backends)(
  "a step graph of autodiff learns on %s, with the same bits each time",
  async (backend) => {
    const [one, two] = [await trainPerceptron(backend), await trainPerceptron(backend)];
    expect(accuracy(one)).toBeGreaterThan(0.95);
    expect(two).toEqual(one);
  },
);

// 45 examples in batches of 8 are 6 steps an epoch: one call of 4, and two of one.
test.for(backends)("several batches a call give what one a call gives, on %s", async (backend) => {
  const [one, four] = [await trainPerceptron(backend), await trainPerceptron(backend, 4)];
  expect(four).toEqual(one);
});
