// Small classifiers and the data that they learn, made from seeds: what quantization is held to on whole networks.
import { softmaxCrossEntropy } from "../core/src/autodiff/losses/cross-entropy.ts";
import { adam } from "../core/src/autodiff/optimizers/adam.ts";
import { trainingStep } from "../core/src/autodiff/training-step.ts";
import type { GraphBuilder } from "../core/src/graph/builder.ts";
import { graphBuilder, int, ints } from "../core/src/graph/builder.ts";
import type { Graph } from "../core/src/graph/graph.ts";
import type { Tensor } from "../core/src/graph/tensor.ts";
import { f32, i64, sizeOf } from "../core/src/graph/tensor.ts";
import { systemClock } from "../core/src/platform/node/system-clock.ts";
import type { Rng } from "../core/src/platform/random.ts";
import { gaussian, seededRng } from "../core/src/platform/random.ts";
import { openSession } from "../core/src/runtime/node/open.ts";
import type { Session } from "../core/src/runtime/session.ts";
import { gatherRows, tensorDataset } from "../core/src/training/batches.ts";
import { cosine } from "../core/src/training/schedule.ts";
import { runTraining } from "../core/src/training/training-loop.ts";

/** Examples and their classes. */
export type Labelled = { readonly x: Tensor; readonly target: Tensor };

const classes = 8;
const side = 12;
const samples = 32;
const channels = 3;

/** Opens a graph on WebAssembly: the same result everywhere. */
export const open = async (graph: Graph): Promise<Session> =>
  await openSession(graph, { backend: "wasm" });

/** Pictures `[count, 1, 12, 12]` of eight shapes made of five bumps, moved by up to a pixel, in noise. */
export function pictures(count: number, seed: number): Labelled {
  const shapes = seededRng(99);
  const bumps = Array.from({ length: classes }, () =>
    Array.from({ length: 5 }, () => ({
      ...{ row: 2 + 8 * shapes(), column: 2 + 8 * shapes(), height: shapes() < 0.5 ? -1 : 1 },
    })),
  );
  return labelled(count, [1, side, side], (label, put, rng) => {
    const [down, right] = [2 * rng() - 1, 2 * rng() - 1];
    for (let row = 0; row < side; row += 1) {
      for (let column = 0; column < side; column += 1) {
        const bright = (bumps[label] ?? []).reduce((sum, bump) => {
          const far = (row - bump.row - down) ** 2 + (column - bump.column - right) ** 2;
          return sum + bump.height * Math.exp(-far / 3);
        }, 0);
        put(row * side + column, bright + 0.45 * gaussian(rng));
      }
    }
  })(seededRng(seed));
}

/** Signals `[count, 3, 32]` of eight mixtures of two tones, at any phase, in noise. */
export function signals(count: number, seed: number): Labelled {
  return labelled(count, [channels, samples], (label, put, rng) => {
    const phase = 2 * Math.PI * rng();
    for (let i = 0; i < channels * samples; i += 1) {
      const [channel, t] = [Math.floor(i / samples), i % samples];
      const low = Math.sin((2 * Math.PI * (1 + (label % 4)) * t) / samples + phase + channel);
      const high = Math.sin((2 * Math.PI * (6 + 2 * Math.floor(label / 4)) * t) / samples + phase);
      put(i, low + 0.7 * high + 0.7 * gaussian(rng));
    }
  })(seededRng(seed));
}

function labelled(
  count: number,
  shape: readonly number[],
  draw: (label: number, put: (at: number, value: number) => void, rng: Rng) => void,
): (rng: Rng) => Labelled {
  return (rng) => {
    const size = sizeOf(shape);
    const data = new Float32Array(count * size);
    const labels = Array.from({ length: count }, () => Math.floor(classes * rng()));
    for (const [row, label] of labels.entries()) {
      const put = (at: number, value: number): void => {
        data[row * size + at] = value;
      };
      draw(label, put, rng);
    }
    return { x: f32(data, [count, ...shape]), target: i64(labels) };
  };
}

type Layers = ReturnType<typeof layersOf>;

function layersOf(b: GraphBuilder) {
  const rng = seededRng(17);
  let count = 0;
  const weight = (name: string, shape: readonly number[], fanIn: number): string => {
    const spread = Math.sqrt(2 / fanIn);
    const data = Float32Array.from({ length: sizeOf(shape) }, () => spread * gaussian(rng));
    return b.initializer(name, f32(data, shape));
  };
  const filled = (name: string, size: number, value: number): string =>
    b.initializer(name, f32(new Float32Array(size).fill(value)));
  const next = (kind: string): string => {
    count += 1;
    return `${kind}${count}`;
  };
  const relu = (x: string): string => b.add("Relu", [x]);
  return {
    b,
    relu,
    weight,
    filled,
    /** A convolution that keeps the size, BatchNormalization behind it. */
    conv(x: string, shape: readonly number[], { group = 1, stride = 1 } = {}): string {
      const name = next("conv");
      const kernel = shape.slice(2);
      const pads = ints([...kernel, ...kernel].map((k) => (k - 1) >> 1));
      const strides = ints(kernel.map(() => stride));
      const y = b.add("Conv", [x, weight(`${name}.weight`, shape, sizeOf(shape.slice(1)))], {
        ...{ name, attributes: { pads, strides, group: int(group) } },
      });
      const norm = [
        ["scale", 1],
        ["bias", 0],
        ["mean", 0],
        ["variance", 1],
      ] as const;
      const parts = norm.map(([part, value]) => filled(`${name}.${part}`, shape[0] ?? 1, value));
      return b.add("BatchNormalization", [y, ...parts], { name: `${name}.norm` });
    },
    dense(x: string, from: number, to: number): string {
      const name = next("dense");
      const inputs = [x, weight(`${name}.weight`, [to, from], from), filled(`${name}.bias`, to, 0)];
      return b.add("Gemm", inputs, { name, attributes: { transB: int(1) } });
    },
    mean: (x: string): string => b.add("Flatten", [b.add("GlobalAveragePool", [x])]),
  };
}

function network(shape: readonly number[], body: (l: Layers, x: string) => string): Graph {
  const b = graphBuilder("classifier");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", ...shape] });
  b.add("Identity", [body(layersOf(b), x)], { outputs: ["logits"] });
  b.output({ name: "logits", dtype: "float32", shape: ["N", classes] });
  return b.build();
}

/** Convolutions for series `[N, 1, length]`, made for classes as `signals` has them. */
export const seriesCnn = (length: number): Graph =>
  network([1, length], (l, x) => {
    const y = l.relu(l.conv(x, [16, 1, 7], { stride: 2 }));
    const z = l.relu(l.conv(y, [24, 16, 5], { stride: 2 }));
    return l.dense(l.mean(z), 24, classes);
  });

/** How a classifier learns here. */
export type Lesson = { readonly epochs: number; readonly learningRate: number };

/** A family of networks, and what it learns. */
export type Family = {
  readonly graph: () => Graph;
  readonly data: (count: number, seed: number) => Labelled;
  readonly lesson: Lesson;
};

/** Networks by name. */
export const families: Readonly<Record<string, Family>> = {
  MLP: {
    graph: () =>
      network([1, side, side], (l, x) => {
        const h = l.relu(l.dense(l.b.add("Flatten", [x]), side * side, 64));
        return l.dense(l.relu(l.dense(h, 64, 48)), 48, classes);
      }),
    data: pictures,
    lesson: { epochs: 6, learningRate: 0.01 },
  },
  "1-D CNN": {
    graph: () =>
      network([channels, samples], (l, x) => {
        const pool = (y: string): string =>
          l.b.add("MaxPool", [y], { attributes: { kernel_shape: ints([2]), strides: ints([2]) } });
        const first = pool(l.relu(l.conv(x, [16, channels, 5])));
        const second = pool(l.relu(l.conv(first, [24, 16, 5])));
        return l.dense(l.b.add("Flatten", [second]), 24 * 8, classes);
      }),
    data: signals,
    lesson: { epochs: 4, learningRate: 0.01 },
  },
  "DS-CNN": {
    graph: () =>
      network([1, side, side], (l, x) => {
        let y = l.relu(l.conv(x, [16, 1, 3, 3]));
        for (const to of [24, 32]) {
          const from = to - 8;
          y = l.relu(l.conv(y, [from, 1, 3, 3], { group: from, stride: 2 }));
          y = l.relu(l.conv(y, [to, from, 1, 1]));
        }
        return l.dense(l.mean(y), 32, classes);
      }),
    data: pictures,
    lesson: { epochs: 6, learningRate: 0.01 },
  },
  ResNet: {
    graph: () =>
      network([1, side, side], (l, x) => {
        let y = l.relu(l.conv(x, [8, 1, 3, 3], { stride: 2 }));
        for (let block = 0; block < 2; block += 1) {
          const past = y;
          const inner = l.relu(l.conv(y, [8, 8, 3, 3]));
          y = l.relu(l.b.add("Add", [l.conv(inner, [8, 8, 3, 3]), past]));
        }
        return l.dense(l.mean(y), 8, classes);
      }),
    data: pictures,
    lesson: { epochs: 6, learningRate: 0.01 },
  },
  GRU: {
    graph: () =>
      network([channels, samples], (l, x) => {
        const front = l.relu(l.conv(x, [16, channels, 5], { stride: 2 }));
        const steps = l.b.add("Transpose", [front], { attributes: { perm: ints([2, 0, 1]) } });
        const [hidden, gates] = [24, 72];
        const inputs = [
          l.weight("gru.w", [1, gates, 16], 32),
          l.weight("gru.r", [1, gates, hidden], 2 * hidden),
          l.b.initializer("gru.b", f32(new Float32Array(2 * gates), [1, 2 * gates])),
        ];
        const [, last = ""] = l.b.addMany("GRU", [steps, ...inputs], 2, {
          attributes: { hidden_size: int(hidden), linear_before_reset: int(1) },
        });
        const flat = l.b.add("Squeeze", [last, l.b.constant(i64([0]))]);
        return l.dense(l.relu(l.dense(flat, hidden, 32)), 32, classes);
      }),
    data: signals,
    lesson: { epochs: 10, learningRate: 0.015 },
  },
};

/** Trains a classifier with Adam; returns the graph with its new weights. */
export async function taught(
  graph: Graph,
  { x, target }: Labelled,
  { epochs, learningRate }: Lesson,
): Promise<Graph> {
  const step = trainingStep(graph, {
    ...{ loss: softmaxCrossEntropy(), optimizer: adam(), trainable: () => true, weighted: true },
  });
  const session = await open(step.graph);
  const { parameters } = await runTraining({
    ...{ session, carry: step.carry, initial: step.initial, clock: systemClock },
    ...{ dataset: tensorDataset({ x, target }), batchSize: 50, epochs, seed: 1 },
    learningRate: cosine(learningRate),
  });
  await session.dispose();
  const initializers = [...graph.initializers].map(([name, tensor]): [string, Tensor] => {
    return [name, parameters[name] ?? tensor];
  });
  return { ...graph, initializers: new Map(initializers) };
}

/** Share of examples whose largest logit is the class. */
export async function accuracyOf(graph: Graph, { x, target }: Labelled): Promise<number> {
  const session = await open(graph);
  const { logits } = await session.run({ x });
  await session.dispose();
  if (logits?.dtype !== "float32" || target.dtype !== "int64") throw new Error("logits, classes");
  const right = Array.from(target.data, Number).filter((label, row) => {
    const scores = logits.data.subarray(row * classes, (row + 1) * classes);
    return scores.indexOf(Math.max(...scores)) === label;
  });
  return right.length / target.data.length;
}

/** Cuts examples into runs. */
export const batchesOf = ({ x }: Labelled, size: number): readonly Record<string, Tensor>[] =>
  Array.from({ length: Math.floor((x.shape[0] ?? 0) / size) }, (_, i) => ({
    x: gatherRows(
      x,
      Array.from({ length: size }, (_row, row) => i * size + row),
    ),
  }));
