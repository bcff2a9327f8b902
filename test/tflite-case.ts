// Small .tflite models of a few operators, run as they are on TensorFlow Lite and imported on onnxruntime.
import { expect } from "vitest";
import { dtypes } from "../core/src/graph/dtypes.ts";
import type { Tensor, Tensors } from "../core/src/graph/tensor.ts";
import { sizeOf } from "../core/src/graph/tensor.ts";
import { bytesOf } from "../core/src/platform/bytes.ts";
import { seededRng } from "../core/src/platform/random.ts";
import { openLitert } from "../core/src/runtime/litert.ts";
import { litertEngine, tfliteEngine } from "../core/src/runtime/node/tflite-engines.ts";
import { openTflite } from "../core/src/runtime/tflite.ts";
import { decodeTflite } from "../core/src/tflite/decode.ts";
import { encodeTflite } from "../core/src/tflite/encode.ts";
import { fromTflite } from "../core/src/tflite/from-tflite.ts";
import type { TfliteModel, TfliteOptions, TfliteTensor } from "../core/src/tflite/model.ts";
import { runGraph } from "./run-graph.ts";

/** A tensor of a case: `float32` unless said. One with data is a constant. */
export type CaseTensor = Partial<Omit<TfliteTensor, "data">> & {
  readonly shape: readonly number[];
  readonly data?: readonly number[];
};

/** An operator of a case, by the indices of tensors. */
export type CaseOperator = {
  readonly op: string;
  readonly options?: TfliteOptions;
  readonly version?: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
};

/** A model of a few operators. Inputs are what nothing computes, outputs what nothing reads, unless said. */
export type Case = {
  readonly tensors: readonly CaseTensor[];
  readonly operators: readonly CaseOperator[];
  readonly outputs?: readonly number[];
};

/** A case of one operator; undefined for an input that is left out. */
export type OneOperator = {
  readonly op: string;
  readonly options?: TfliteOptions;
  readonly version?: number;
  readonly inputs: readonly (CaseTensor | undefined)[];
  readonly outputs: readonly CaseTensor[];
};

/** Makes a case of one operator. */
export function caseOf({ op, options = {}, version = 1, inputs, outputs }: OneOperator): Case {
  const tensors = [...inputs.flatMap((tensor) => tensor ?? []), ...outputs];
  let next = 0;
  const places = inputs.map((tensor) => {
    if (tensor === undefined) return -1;
    next += 1;
    return next - 1;
  });
  const results = outputs.map((_, index) => next + index);
  return { tensors, operators: [{ op, options, version, inputs: places, outputs: results }] };
}

/** Makes the model of a case. */
export function modelOf({ tensors, operators, outputs }: Case): TfliteModel {
  const made = new Set(operators.flatMap((operator) => operator.outputs));
  const read = new Set(operators.flatMap((operator) => operator.inputs));
  const all = tensors.map(tfliteTensorOf);
  const isInput = (index: number): boolean => {
    const tensor = all[index];
    return !made.has(index) && tensor?.data === undefined && tensor?.isVariable === false;
  };
  const places = [...tensors.keys()];
  return {
    description: "",
    subgraphs: [
      {
        name: "main",
        tensors: all,
        inputs: places.filter(isInput),
        outputs: outputs ?? places.filter((index) => made.has(index) && !read.has(index)),
        operators: operators.map(({ options = {}, version = 1, ...rest }) => ({
          ...rest,
          options,
          version,
        })),
      },
    ],
    metadata: [],
    signatures: [],
  };
}

function tfliteTensorOf({ data, ...tensor }: CaseTensor, index: number): TfliteTensor {
  const type = tensor.type ?? "float32";
  const base = { name: `t${index}`, isVariable: false, ...tensor, type };
  return data === undefined ? base : { ...base, data: bytesOfNumbers(type, data) };
}

function bytesOfNumbers(type: TfliteTensor["type"], data: readonly number[]): Uint8Array {
  const array = dtypes[type as "int8"].array as typeof Int8Array | undefined;
  if (array === undefined) throw new Error(`no array for ${type}`);
  const values = type === "int64" ? BigInt64Array.from(data, BigInt) : array.from(data);
  return bytesOf(values);
}

/** Numbers for a tensor: floats of about one, or any integers that the type has. */
export function numbersFor(tensor: CaseTensor, rng: () => number): readonly number[] {
  const ranges: Readonly<Record<string, readonly [number, number]>> = {
    int8: [-128, 127],
    uint8: [0, 255],
    int16: [-32_767, 32_767],
  };
  const [low, high] = ranges[tensor.type ?? ""] ?? [0, 0];
  const draw =
    (tensor.type ?? "float32") === "float32"
      ? () => 4 * rng() - 2
      : () => low + Math.floor(rng() * (high - low + 1));
  return Array.from({ length: sizeOf(tensor.shape) }, draw);
}

/** A quantized tensor of a case, random where it is a constant. */
export const quantizedTo = (
  shape: readonly number[],
  scale: number,
  zeroPoint: number,
  type: "int8" | "uint8" | "int16" = "int8",
): CaseTensor => ({
  type,
  shape,
  quantization: { scales: [scale], zeroPoints: [zeroPoint], axis: 0 },
});

/** How near an imported model came to the file it was made from. */
export type Agreement = {
  /** Largest difference of floats over the largest float. */
  readonly relative: number;
  /** Integers in all, how many of them differ by at most 1, and the most that one differs. */
  readonly integers: number;
  readonly withinOne: number;
  readonly steps: number;
};

/** Which engine of TensorFlow Lite's runs the file; `tflite` keeps variables and is older. */
export type Engine = "litert" | "tflite";

/** Runs a .tflite file as it is, once, from fresh state. */
export async function runOriginal(
  bytes: Uint8Array,
  feeds: Tensors,
  engine: Engine = "litert",
): Promise<Tensors> {
  const session =
    engine === "litert"
      ? await openLitert(bytes, await litertEngine())
      : openTflite(bytes, await tfliteEngine());
  try {
    return await session.run(feeds);
  } finally {
    await session.dispose();
  }
}

/** Random feeds for a file's inputs. */
export function feedsFor(model: TfliteModel, seed: number): Tensors {
  const rng = seededRng(seed);
  const [subgraph] = model.subgraphs;
  const inputs = (subgraph?.inputs ?? []).flatMap((place) => subgraph?.tensors[place] ?? []);
  return Object.fromEntries(
    inputs.map((tensor) => [
      tensor.name,
      feedOf(tensor, numbersFor({ shape: tensor.shape, type: tensor.type }, rng)),
    ]),
  );
}

/** Runs a file as it is, and the graph that it is imported as, on the same random numbers. */
export async function agreementOf(
  bytes: Uint8Array,
  seed = 1,
  engine?: Engine,
): Promise<Agreement> {
  const model = decodeTflite(bytes);
  const feeds = feedsFor(model, seed);
  const expected = await runOriginal(bytes, feeds, engine);
  return agreement(expected, await runGraph(fromTflite(model), feeds));
}

/** Compares what came out with what was expected, by name. */
export function agreement(expected: Tensors, found: Tensors): Agreement {
  const total = { relative: 0, integers: 0, withinOne: 0, steps: 0 };
  for (const [name, output] of Object.entries(expected)) {
    const tensor = found[name];
    expect(tensor?.shape, name).toEqual(output.shape);
    const values = Array.from<unknown, number>(output.data, Number);
    const differences = values.map((value, index) => Math.abs(value - Number(tensor?.data[index])));
    const most = differences.reduce((max, value) => Math.max(max, value), 0);
    expect(most, name).not.toBeNaN();
    if (output.dtype === "float32") {
      const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-6);
      total.relative = Math.max(total.relative, most / largest);
    } else {
      total.integers += differences.length;
      total.withinOne += differences.filter((value) => value <= 1).length;
      total.steps = Math.max(total.steps, most);
    }
  }
  return total;
}

function feedOf({ type, shape }: TfliteTensor, numbers: readonly number[]): Tensor {
  const array = dtypes[type as "int8"].array as typeof Int8Array;
  return { dtype: type, shape, data: array.from(numbers) } as unknown as Tensor;
}

/** Checks that a case is the same function imported: floats to 1e-4 of the largest, integers to one step. */
export async function expectSame(one: Case, seed = 1, engine?: Engine): Promise<Agreement> {
  const found = await agreementOf(encodeTflite(modelOf(one)), seed, engine);
  expect(found.relative).toBeLessThan(1e-4);
  expect(found.steps).toBeLessThanOrEqual(1);
  return found;
}

/** Random constants for a tensor of a case. */
export const constantOf = (tensor: CaseTensor, seed: number): CaseTensor => ({
  ...tensor,
  data: numbersFor(tensor, seededRng(seed)),
});

/** Random int8 weights with a scale for each index of an axis. */
export function weightsOf(shape: readonly number[], axis: number, seed: number): CaseTensor {
  const rng = seededRng(seed);
  const scales = Array.from({ length: shape[axis] ?? 1 }, () => Math.fround(0.004 + 0.01 * rng()));
  const data = Array.from({ length: sizeOf(shape) }, () => Math.floor(255 * rng()) - 127);
  return {
    type: "int8",
    shape,
    data,
    quantization: { scales, zeroPoints: scales.map(() => 0), axis },
  };
}

/** A random int32 bias in the units that its layer sums in. */
export function biasOf(weights: CaseTensor, inputScale: number, seed: number): CaseTensor {
  const rng = seededRng(seed);
  const scales = (weights.quantization?.scales ?? []).map((scale) =>
    Math.fround(scale * inputScale),
  );
  const data = scales.map(() => Math.floor(4000 * rng()) - 2000);
  return {
    type: "int32",
    shape: [scales.length],
    data,
    quantization: { scales, zeroPoints: scales.map(() => 0), axis: 0 },
  };
}
