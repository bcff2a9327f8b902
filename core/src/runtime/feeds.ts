import { dtypes } from "../graph/dtypes.ts";
import type { Dim, ValueInfo } from "../graph/graph.ts";
import type { Tensor, Tensors } from "../graph/tensor.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { LoopOptions } from "./session.ts";

type Signature = { readonly dtype: string; readonly shape?: readonly Dim[] };

const describe = ({ dtype, shape }: Signature): string =>
  `${dtype} [${shape === undefined ? "any shape" : shape.join(", ")}]`;

/**
 * Checks a tensor against what an input declares.
 *
 * A named dimension takes any size. Checked here, because the runtimes disagree: one ignores what another refuses.
 *
 * @throws `FEED_INVALID` naming the input, what was expected and what came.
 */
export function checkFeed(info: ValueInfo, tensor: Tensor | undefined): Tensor {
  if (tensor === undefined) throw refuse(info, "nothing");
  if (tensor.dtype !== info.dtype || !shapeMatches(info.shape, tensor.shape)) {
    throw refuse(info, describe(tensor));
  }
  if (!dataFits(tensor)) {
    throw refuse(info, `${describe(tensor)} with ${tensor.data.length} elements of data`);
  }
  return tensor;
}

/**
 * Checks all feeds of a run: every input is there, fits, and nothing else is.
 *
 * @throws `FEED_INVALID`
 */
export function checkFeeds(inputs: readonly ValueInfo[], feeds: Tensors): void {
  let known = 0;
  for (const info of inputs) {
    checkFeed(info, feeds[info.name]);
    known += 1;
  }
  if (Object.keys(feeds).length > known) {
    const names = inputs.map((info) => info.name);
    const extra = Object.keys(feeds).filter((name) => !names.includes(name));
    throw new EdgeloopError("FEED_INVALID", `the graph has no input ${extra.join(", ")}`, {
      details: { input: extra[0], expected: names, got: extra },
    });
  }
}

/**
 * Finds the positions of wanted outputs, each once; all when none are named.
 *
 * @throws `OUTPUT_UNKNOWN`
 */
export function outputIndices(
  outputs: readonly ValueInfo[],
  names: readonly string[] | undefined,
): readonly number[] {
  if (names === undefined) return outputs.map((_, index) => index);
  return [...new Set(names)].map((name) => {
    const index = outputs.findIndex((info) => info.name === name);
    if (index >= 0) return index;
    throw new EdgeloopError("OUTPUT_UNKNOWN", `the graph has no output ${name}`, {
      details: { output: name, expected: outputs.map((info) => info.name) },
    });
  });
}

/** A carried pair by position in a session's outputs and inputs. */
export type CarriedPair = { readonly output: number; readonly input: number };

/**
 * Resolves the pairs of a loop and checks its initial tensors.
 *
 * @throws `LOOP_INVALID` when a name is unknown, used twice or without a tensor; `FEED_INVALID` when one does not fit.
 */
export function carriedPairs(
  {
    inputs,
    outputs,
  }: { readonly inputs: readonly ValueInfo[]; readonly outputs: readonly ValueInfo[] },
  { carry, initial }: LoopOptions,
): readonly CarriedPair[] {
  const pairs = carry.map(([from, to]) => {
    const output = outputs.findIndex(({ name }) => name === from);
    const input = inputs.findIndex(({ name }) => name === to);
    const info = inputs[input];
    if (output < 0 || info === undefined || inputs[input]?.dtype !== outputs[output]?.dtype) {
      throw new EdgeloopError(
        "LOOP_INVALID",
        "a carried pair is an output and an input of one dtype",
        {
          details: { output: from, input: to },
        },
      );
    }
    checkFeed(info, initial[to]);
    return { output, input };
  });
  const once = (key: keyof CarriedPair): boolean =>
    new Set(pairs.map((pair) => pair[key])).size === pairs.length;
  if (!once("input") || !once("output") || Object.keys(initial).length !== pairs.length) {
    throw new EdgeloopError(
      "LOOP_INVALID",
      "each carried input has one output and one initial tensor, and nothing else has",
      { details: { carry, initial: Object.keys(initial) } },
    );
  }
  return pairs;
}

/**
 * Finds a carried value by its input's name.
 *
 * @throws `LOOP_INVALID`
 */
export function carriedNamed<C extends { readonly name: string }>(
  carried: readonly C[],
  name: string,
): C {
  const found = carried.find((pair) => pair.name === name);
  if (found !== undefined) return found;
  throw new EdgeloopError("LOOP_INVALID", `the loop carries no ${name}`, {
    details: { input: name, expected: carried.map((pair) => pair.name) },
  });
}

/** The error of whatever is used after its end. */
export const disposed = (what: "session" | "loop"): EdgeloopError =>
  new EdgeloopError("SESSION_DISPOSED", `this ${what} was disposed; open another one`);

function shapeMatches(expected: readonly Dim[] | undefined, shape: readonly number[]): boolean {
  if (expected === undefined) return true;
  if (expected.length !== shape.length) return false;
  for (let axis = 0; axis < shape.length; axis += 1) {
    const dim = expected[axis];
    if (typeof dim === "number" && dim !== shape[axis]) return false;
  }
  return true;
}

function dataFits({ dtype, shape, data }: Tensor): boolean {
  let size = 1;
  for (const dim of shape) size *= dim;
  const { array } = dtypes[dtype];
  return data.length === size && array !== undefined && data instanceof array;
}

function refuse(info: ValueInfo, got: string): EdgeloopError {
  const expected = describe(info);
  return new EdgeloopError("FEED_INVALID", `input ${info.name} expects ${expected}, got ${got}`, {
    details: { input: info.name, expected, got },
  });
}
