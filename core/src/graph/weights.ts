import { EdgeloopError } from "../platform/errors.ts";
import type { Graph } from "./graph.ts";
import type { Tensor } from "./tensor.ts";

/** A graph without its weights, and the weights by name. */
export type SplitGraph = {
  readonly graph: Graph;
  readonly tensors: ReadonlyMap<string, Tensor>;
};

/** Key of the metadata entry that lists which inputs are weights, as JSON. */
export const weightsMetadataKey = "edgeloop.weights";

/**
 * Takes the weights out of a graph: each becomes a graph input, so that what is left is a valid ONNX file without a
 * single initialiser. Its metadata remembers which inputs are weights, so `attachWeights` knows when one is missing.
 *
 * @example
 * const b = graphBuilder("g");
 * b.initializer("w", scalar(2));
 * const { graph, tensors } = splitWeights(b.build());
 * [graph.inputs[0]?.name, tensors.size]; // => ["w", 1]
 */
export function splitWeights(graph: Graph): SplitGraph {
  // By name, so that two graphs that differ in the order of their weights alone are the same bytes without them.
  const tensors = new Map([...graph.initializers].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const inputs = [...tensors].map(([name, { dtype, shape }]) => ({
    name,
    dtype,
    shape,
  }));
  return {
    graph: {
      ...graph,
      inputs: [...graph.inputs, ...inputs],
      initializers: new Map(),
      metadata: {
        ...graph.metadata,
        [weightsMetadataKey]: JSON.stringify([...tensors.keys()]),
      },
    },
    tensors,
  };
}

/**
 * Puts weights back: inputs of these names become initialisers again.
 *
 * @throws `WEIGHTS_MISMATCH` when a tensor has no input, another dtype or shape than its input, or is missing.
 */
export function attachWeights(graph: Graph, tensors: ReadonlyMap<string, Tensor>): Graph {
  const inputs = new Map(graph.inputs.map((info) => [info.name, info]));
  for (const [name, tensor] of tensors) {
    const info = inputs.get(name);
    if (info?.dtype !== tensor.dtype || String(info.shape) !== String(tensor.shape)) {
      throw new EdgeloopError("WEIGHTS_MISMATCH", `weight "${name}" does not fit the graph`, {
        details: {
          name,
          expected: info === undefined ? "no such weight" : `${info.dtype} [${info.shape}]`,
          found: `${tensor.dtype} [${tensor.shape}]`,
        },
      });
    }
  }
  const { [weightsMetadataKey]: listed, ...metadata } = graph.metadata ?? {};
  const missing = namesOf(listed).find((name) => !tensors.has(name));
  if (missing !== undefined) {
    throw new EdgeloopError("WEIGHTS_MISMATCH", `weight "${missing}" is missing`, {
      details: { name: missing },
    });
  }
  const { metadata: _, ...rest } = graph;
  return {
    ...rest,
    inputs: graph.inputs.filter(({ name }) => !tensors.has(name)),
    initializers: new Map([...graph.initializers, ...tensors]),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
}

function namesOf(listed: string | undefined): readonly string[] {
  const names = listed === undefined ? [] : parse(listed);
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
  throw listInvalid();
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw listInvalid(cause);
  }
}

const listInvalid = (cause?: unknown): EdgeloopError =>
  new EdgeloopError("WEIGHTS_MISMATCH", "the list of weights must be a JSON list of names", {
    cause,
  });
