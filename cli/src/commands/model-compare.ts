import type { Tensor, Tensors } from "@edgeloop/core/graph";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { Backend, Session } from "@edgeloop/core/runtime";
import type { Context, Run } from "../command.ts";
import { readBackend } from "../model/backend.ts";
import type { Latency } from "../model/duel.ts";
import { duel } from "../model/duel.ts";
import type { ExampleBatches } from "../model/example-batches.ts";
import { exampleBatches } from "../model/example-batches.ts";
import type { ExampleTensors } from "../model/example-file.ts";
import { pickExamples, readExamples } from "../model/example-file.ts";
import { modelSource, openSource } from "../model/open-model.ts";
import { decibels } from "../model/quantize-report.ts";
import type { Errors, Result, Results } from "../model/verdict.ts";
import {
  agreement,
  classesOf,
  differenceOf,
  errorsOf,
  judged,
  largestOf,
  resultsOf,
} from "../model/verdict.ts";
import { textOption } from "../options.ts";
import { table } from "../table.ts";

/** What is found out of one model. */
type Side = Latency & {
  readonly model: string;
  readonly bytes: number;
  /** Where `target` names classes. */
  readonly accuracy?: number;
  /** Where `target` is floats like the first output. */
  readonly error?: Errors;
};

/**
 * Shows two models side by side: how right each is, how they differ, how large and how fast they are.
 *
 * Inputs and outputs of the other model are those of the same place. Latency is of one example, or of as many as the
 * model takes, both models in turns.
 *
 * @throws `FILE_MISSING`, `USAGE`, `DATA_INVALID`, `MODELS_DIFFER` when inputs or outputs do not correspond.
 */
export const run: Run = async (context, [model = "", other = ""], options) => {
  const backend = await readBackend(textOption(options, "backend"));
  const a = await openModel(model, backend);
  try {
    const b = await openModel(other, backend);
    try {
      const examples = await readExamples(textOption(options, "data"), a.session, [], ["target"]);
      return await compare({ a, b, examples, backend }, context);
    } finally {
      await b.session.dispose();
    }
  } finally {
    await a.session.dispose();
  }
};

type Opened = { readonly path: string; readonly bytes: number; readonly session: Session };

async function openModel(path: string, backend: Backend): Promise<Opened> {
  const source = await modelSource(path);
  const session = await openSource(source, { backend, threads: 1 });
  return { path, bytes: source.bytes.length, session };
}

type Match = {
  readonly a: Opened;
  readonly b: Opened;
  readonly examples: ExampleTensors;
  readonly backend: Backend;
};

async function compare(
  { a, b, examples, backend }: Match,
  context: Context,
): Promise<Readonly<Record<string, unknown>>> {
  const given = { a: examples, b: renamed(examples, { a, b }) };
  const cut = [exampleBatches(a.session, given.a), exampleBatches(b.session, given.b)] as const;
  const [left, right] = cut;
  const rows = left.rows.length < right.rows.length ? left.rows : right.rows;
  const [first, second] = [
    await resultsIn(a, left, context),
    byPlace(await resultsIn(b, right, context), { a, b }),
  ];
  const target = pickExamples(examples, rows).tensors["target"];
  const latencies = await duel([contender(a, left), contender(b, right)]);
  const sides = [a, b].map((opened, i) =>
    sideOf(opened, {
      result: judged(a.session, i === 0 ? first : second),
      target,
      latency: latencies[i] ?? { p50Us: 0, p99Us: 0 },
    }),
  );
  const [x, y] = [first, second].map((results) => largestOf(judged(a.session, results)));
  const result = {
    ...{ format: 1, backend, examples: rows.length, sides },
    agreement: agreement(x ?? [], y ?? []),
    difference: differenceOf(first, second),
  };
  show(context, result);
  return result;
}

/** The other model's inputs by place, where their names differ. */
function renamed(
  examples: ExampleTensors,
  { a, b }: { readonly a: Opened; readonly b: Opened },
): ExampleTensors {
  check(a, b, "inputs");
  check(a, b, "outputs");
  const names = new Map(
    a.session.inputs.map(({ name }, i) => [b.session.inputs[i]?.name ?? "", name]),
  );
  const tensors = [...names].flatMap(([to, from]) => {
    const tensor = examples.tensors[to] ?? examples.tensors[from];
    return tensor ? [[to, tensor] as const] : [];
  });
  return { ...examples, tensors: Object.fromEntries(tensors) };
}

function check(a: Opened, b: Opened, what: "inputs" | "outputs"): void {
  const [x, y] = [a, b].map(({ session }) => session[what].length);
  if (x === y) return;
  const message = `${a.path} has ${x} ${what}, ${b.path} ${y}: compare models of one task`;
  throw new EdgeloopError("MODELS_DIFFER", message);
}

const byPlace = (results: Results, { a, b }: { readonly a: Opened; readonly b: Opened }): Results =>
  Object.fromEntries(
    b.session.outputs.flatMap(({ name }, i) => {
      const result = results[name];
      return result ? [[a.session.outputs[i]?.name ?? name, result] as const] : [];
    }),
  );

async function resultsIn(
  { path, session }: Opened,
  { batches }: ExampleBatches,
  context: Context,
): Promise<Results> {
  let done = 0;
  return await resultsOf(session, batches, () => {
    done += 1;
    context.progress(`${path}: run ${done} of ${batches.length}`);
  });
}

/** One example, or as many as the model takes. */
function contender({ session }: Opened, { batches }: ExampleBatches) {
  const isOpen = session.inputs.every(({ shape }) => typeof shape?.[0] !== "number");
  const [feeds = {}] = batches;
  if (!isOpen) return { session, feeds };
  const { tensors } = pickExamples({ size: 1, tensors: feeds }, [0]);
  return { session, feeds: tensors satisfies Tensors };
}

function sideOf(
  { path, bytes }: Opened,
  parts: {
    readonly result: Result;
    readonly target: Tensor | undefined;
    readonly latency: Latency;
  },
): Side {
  const { result, target, latency } = parts;
  const places = largestOf(result);
  const classes = classesOf(target, places.length);
  const error = errorsOf(target, result);
  return {
    ...{ model: path, bytes, ...latency },
    ...(classes ? { accuracy: agreement(classes, places) } : {}),
    ...(error ? { error } : {}),
  };
}

function show(
  { say }: Context,
  result: {
    readonly examples: number;
    readonly backend: Backend;
    readonly sides: readonly Side[];
    readonly agreement: number;
    readonly difference: ReturnType<typeof differenceOf>;
  },
): void {
  const { sides, difference } = result;
  const row = (what: string, cell: (side: Side) => string | undefined) => {
    const cells = sides.map(cell);
    return cells.includes(undefined) ? [] : [[what, ...cells.map((text) => text ?? "")]];
  };
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const rows = [
    ...row("", ({ model }) => model),
    ...row("accuracy", ({ accuracy }) => (accuracy === undefined ? undefined : percent(accuracy))),
    ...row("mean absolute error", ({ error }) => error?.mean.toPrecision(4)),
    ...row("root mean square error", ({ error }) => error?.rootMeanSquare.toPrecision(4)),
    ...row("bytes", ({ bytes }) => `${bytes}`),
    ...row("median latency", ({ p50Us }) => `${p50Us.toFixed(0)} µs`),
    ...row("99 % below", ({ p99Us }) => `${p99Us.toFixed(0)} µs`),
  ];
  for (const line of table(rows)) say(line);
  const noise = decibels(-20 * Math.log10(difference.relative));
  say(
    `difference: at most ${difference.max.toPrecision(3)}, mean ${difference.mean.toPrecision(3)}, signal to noise ${noise}`,
  );
  say(`the same place largest in ${percent(result.agreement)}`);
  say(`${result.examples} examples, ${result.backend}`);
}
