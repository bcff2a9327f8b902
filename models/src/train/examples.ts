import { EdgeloopError } from "@edgeloop/core/platform";

/** Labelled windows in one block, as training wants them. */
export type Examples = {
  readonly lengthSamples: number;
  readonly channels: number;
  /** Row-major `[example, time, channel]`. */
  readonly data: Float32Array;
  /** Class index of each example. */
  readonly labels: Int32Array;
  /** What must not stand on both sides of a split: machine, person. One a row. */
  readonly groups: readonly string[];
  /** Attributes of the recording that each row comes from, by which results are compared. */
  readonly attributes: readonly Attributes[];
};

type Attributes = Readonly<Record<string, string>>;

/** One labelled window on its way into `Examples`. */
export type Example = {
  readonly data: Float32Array;
  readonly label: number;
  readonly group: string;
  readonly attributes?: Attributes;
};

/** Shape of one example. */
export type ExampleShape = Pick<Examples, "lengthSamples" | "channels">;

/**
 * Collects windows into one block.
 *
 * @throws `EXAMPLE_SHAPE` when a window is not `[lengthSamples, channels]`.
 */
export function collectExamples(shape: ExampleShape, list: readonly Example[]): Examples {
  const size = shape.lengthSamples * shape.channels;
  const data = new Float32Array(list.length * size);
  const labels = new Int32Array(list.length);
  list.forEach((example, index) => {
    if (example.data.length !== size) {
      throw new EdgeloopError("EXAMPLE_SHAPE", "every window must have the shape of the problem", {
        details: { expected: size, got: example.data.length, index },
      });
    }
    data.set(example.data, index * size);
    labels[index] = example.label;
  });
  const groups = list.map((example) => example.group);
  return { ...shape, data, labels, groups, attributes: list.map((one) => one.attributes ?? {}) };
}

/** Copies the examples at `indices`, in that order. */
export function selectExamples(examples: Examples, indices: readonly number[]): Examples {
  const size = examples.lengthSamples * examples.channels;
  const data = new Float32Array(indices.length * size);
  const labels = new Int32Array(indices.length);
  indices.forEach((from, to) => {
    data.set(examples.data.subarray(from * size, (from + 1) * size), to * size);
    labels[to] = examples.labels[from] ?? 0;
  });
  const groups = indices.map((index) => examples.groups[index] ?? "");
  const attributes = indices.map((index) => examples.attributes[index] ?? {});
  return { ...examples, data, labels, groups, attributes };
}

/** Copies the examples whose group passes. */
export const examplesOf = (examples: Examples, keep: (group: string) => boolean): Examples =>
  selectExamples(
    examples,
    examples.groups.flatMap((group, index) => (keep(group) ? [index] : [])),
  );
