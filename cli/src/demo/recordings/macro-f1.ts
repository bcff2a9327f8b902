import type { Graph } from "@edgeloop/core/graph";
import { confusionMatrix, macroF1 } from "@edgeloop/core/statistics";
import type { Examples, TrainPorts } from "@edgeloop/models";
import { classify } from "@edgeloop/models";

/** Macro-F1 over the windows of the people held out, of the int8 graphs that gateways are given. */
export type MacroF1 = {
  /** The laboratory's model, on the kind of device that the laboratory has. */
  readonly released: number;
  /** The same model on the field's kind of device; null where that is the same: nothing changes. */
  readonly changed: number | null;
  /** The model after the rounds, on the field's kind of device. */
  readonly recovered: number;
};

/** What models are measured on. */
export type MacroF1Options = {
  readonly classes: readonly string[];
  /** Windows of the people held out, from the field's kind of device. */
  readonly held: Examples;
  /** From the laboratory's kind of device, where that is another. */
  readonly heldInLaboratory: Examples | undefined;
  /** int8 graphs before and after the rounds. */
  readonly released: Graph;
  readonly recovered: Graph;
};

/** Measures what the rounds were for: the models before and after them, on people whom nothing was learned from. */
export async function macroF1Of(
  options: MacroF1Options,
  ports: Pick<TrainPorts, "open">,
): Promise<MacroF1> {
  const { classes, held, heldInLaboratory } = options;
  const score = (model: Graph, windows: Examples): Promise<number> =>
    scoreOf({ model, windows, classes }, ports);
  const before = await score(options.released, held);
  const recovered = await score(options.recovered, held);
  return heldInLaboratory === undefined
    ? { released: before, changed: null, recovered }
    : { released: await score(options.released, heldInLaboratory), changed: before, recovered };
}

type Scored = {
  readonly model: Graph;
  readonly windows: Examples;
  readonly classes: readonly string[];
};

async function scoreOf(
  { model, windows, classes }: Scored,
  { open }: Pick<TrainPorts, "open">,
): Promise<number> {
  const session = await open(model);
  try {
    const predicted = await classify(session, windows);
    const pairs = Array.from(
      predicted,
      (label, row) => [windows.labels[row] ?? -1, label] as const,
    );
    return macroF1(confusionMatrix(classes, pairs));
  } finally {
    await session.dispose();
  }
}
