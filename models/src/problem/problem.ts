import { EdgeloopError } from "@edgeloop/core/platform";
import type { Augment } from "@edgeloop/core/training";
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "expected a name of a-z, 0-9 and -");
const positive = z.number().positive();
const count = z.int().positive();

const block = z.looseObject({ kind: z.string() });

const convLayer = z.strictObject({ filters: count, kernel: count, stride: count });

const problem = z.strictObject({
  format: z.literal(1),
  name,
  task: z.literal("classification"),
  sensor: z.strictObject({
    name,
    rateHz: positive,
    channels: z.array(z.strictObject({ name: z.string().min(1), unit: z.string() })).min(1),
  }),
  window: z.strictObject({ lengthSamples: count, hopSamples: count }),
  classes: z.array(z.string().min(1).max(200)).min(2),
  objective: z.strictObject({ metric: z.enum(["macro-f1", "accuracy"]), atLeast: z.number() }),
  constraints: z.strictObject({ bundleBytesMax: count, latencyMsP99Max: positive }),
  slices: z.array(z.string()),
  features: z.array(block),
  model: z.strictObject({
    kind: z.literal("cnn"),
    layers: z.array(convLayer).min(1),
    norm: z.enum(["batch", "group"]),
    positions: count,
  }),
  training: z.strictObject({
    epochs: count,
    batchSize: count,
    learningRate: positive,
    weightDecay: z.number().nonnegative(),
    labelSmoothing: z.number().min(0).max(0.5),
    seed: z.int(),
    augment: z.strictObject({
      rotateDegrees: z.number().nonnegative(),
      scale: z.number().nonnegative(),
      jitter: z.number().nonnegative(),
      /** Half turns about an axis: a sensor or a phone that may sit the other way round. */
      flip: z.boolean(),
    }),
  }),
  // The policy is the coordinator's: its own parser reads this part of the file, and refuses what is wrong in it.
  loop: z.looseObject({}).optional(),
}) satisfies z.ZodType<Problem>;

/** What an `edgeloop.yaml` states: the task, what counts as success, and under which limits. */
export type Problem = {
  readonly format: 1;
  readonly name: string;
  readonly task: "classification";
  readonly sensor: {
    readonly name: string;
    readonly rateHz: number;
    readonly channels: readonly { readonly name: string; readonly unit: string }[];
  };
  readonly window: { readonly lengthSamples: number; readonly hopSamples: number };
  readonly classes: readonly string[];
  readonly objective: { readonly metric: "macro-f1" | "accuracy"; readonly atLeast: number };
  readonly constraints: { readonly bundleBytesMax: number; readonly latencyMsP99Max: number };
  readonly slices: readonly string[];
  readonly features: readonly { readonly kind: string; readonly [option: string]: unknown }[];
  readonly model: {
    readonly kind: "cnn";
    readonly layers: readonly {
      readonly filters: number;
      readonly kernel: number;
      readonly stride: number;
    }[];
    readonly norm: "batch" | "group";
    readonly positions: number;
  };
  readonly training: {
    readonly epochs: number;
    readonly batchSize: number;
    readonly learningRate: number;
    readonly weightDecay: number;
    readonly labelSmoothing: number;
    readonly seed: number;
    readonly augment: Augment;
  };
  /** When to learn again, as it stands in the file; `parseProblemLoop` of cloud-sync reads it. */
  readonly loop?: Readonly<Record<string, unknown>> | undefined;
};

/**
 * Reads an `edgeloop.yaml`.
 *
 * @param text The file's content.
 * @param file Its name, for messages.
 * @throws `PROBLEM_INVALID` naming file, line, field and what was expected.
 */
export function parseProblem(text: string, file: string): Problem {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken) {
    throw new EdgeloopError("PROBLEM_INVALID", `${file}: ${broken.message}`, { cause: broken });
  }
  const result = problem.safeParse(document.toJS());
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => {
    const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
    return `${file}:${lineOf(document, lines, path)}: ${path.join(".")}: ${issue.message}`;
  });
  throw new EdgeloopError("PROBLEM_INVALID", issues.join("\n"), { details: { file } });
}

/**
 * Refuses a field of a problem that is as it should be in itself, but not beside something else.
 *
 * @param path Of the field: `["slices", 0]`.
 * @returns `PROBLEM_INVALID` naming file, line and field.
 */
export function refuseProblem(
  { text, file }: { readonly text: string; readonly file: string },
  path: readonly (string | number)[],
  expected: string,
): EdgeloopError {
  const lines = new LineCounter();
  const line = lineOf(parseDocument(text, { lineCounter: lines }), lines, path);
  const message = `${file}:${line}: ${path.join(".")}: ${expected}`;
  return new EdgeloopError("PROBLEM_INVALID", message, { details: { file, line, path } });
}

/** The line of the deepest part of a path that is in the file. */
function lineOf(
  document: ReturnType<typeof parseDocument>,
  lines: LineCounter,
  path: readonly (string | number)[],
): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node: unknown = document.getIn(path.slice(0, depth), true);
    if (typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range)) {
      return lines.linePos(Number(node.range[0])).line;
    }
  }
  return 1;
}

/** JSON Schema of `edgeloop.yaml`, for editors. */
export const problemJsonSchema = (): Record<string, unknown> => ({ ...z.toJSONSchema(problem) });
