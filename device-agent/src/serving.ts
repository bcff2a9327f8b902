import type { Clock, Sha256 } from "@edgeloop/core/platform";
import { codeOf, hasCode, messageOf } from "@edgeloop/core/platform";
import type { ActivationOptions } from "./activations.ts";
import { createActivations } from "./activations.ts";
import type { Classification, Classifier } from "./classifier.ts";
import { trialVerdicts } from "./trial-verdicts.ts";

/** What became of a window. */
export type Served = {
  readonly classification: Classification;
  readonly classifier: Classifier;
};

/** The model that serves, whatever happens to it. */
export type Serving = {
  current(): Classifier | undefined;
  /** Opens the model of the serving slot; goes back to the old one when a trial's starts are used up. Never fails. */
  start(): Promise<void>;
  /** Puts a model that passed its gate into service: durable first, then swapped. */
  activate(classifier: Classifier): Promise<void>;
  /** Serves the same model on another session; false, and nothing has changed, when `old` does not serve any more. */
  replace(old: Classifier, next: Classifier): Promise<boolean>;
  /**
   * Classifies a window; `undefined` when nothing serves or the model failed, which is counted.
   *
   * Slots that cannot be written are neither the window's failure nor the model's: the trial's step is taken later.
   */
  classify(data: Float32Array): Promise<Served | undefined>;
  /** Resolves when a model's trial is over, true when it was confirmed. */
  verdict(identity: Sha256): Promise<boolean>;
  close(): Promise<void>;
};

/** What serving needs. */
export type ServingOptions = ActivationOptions & { readonly clock: Clock };

/** Builds the serving of one line of models. */
export function createServing(options: ServingOptions): Serving {
  const { slots, events, meter, clock, log } = options;
  const verdicts = trialVerdicts();
  const activations = createActivations(options, verdicts);
  const { current } = activations;

  const failed = async (classifier: Classifier, error: unknown): Promise<void> => {
    const code = codeOf(error);
    meter.add("inferenceFailures", [code]);
    events.raise({ code: "INFERENCE_FAILED" });
    log.error("inference-failed", { code, reason: messageOf(error) });
    await activations.failed(classifier, code);
  };

  const classify = async (data: Float32Array): Promise<Served | undefined> => {
    const classifier = current();
    if (classifier === undefined) return undefined;
    const startMs = clock.monotonicMs();
    let classification: Classification;
    try {
      classification = await classifyOrRestart(options, classifier, data);
    } catch (error) {
      // A swap while the window was on its way is nobody's failure.
      const wasSwapped = current() !== classifier && current() !== undefined;
      if (wasSwapped && hasCode(error, "SESSION_DISPOSED")) return await classify(data);
      await failed(classifier, error);
      return undefined;
    }
    meter.observe("inference", (clock.monotonicMs() - startMs) / 1000);
    await activations.served(classifier);
    return { classification, classifier };
  };

  return {
    ...activations,
    classify,
    verdict(identity) {
      const serving = slots.state().serving;
      if (serving?.manifest !== identity) return Promise.resolve(false);
      if (serving.kind === "confirmed") return Promise.resolve(true);
      return verdicts.wait(identity);
    },
  };
}

/** A worker that died is started again once; a second failure on the same window counts. */
async function classifyOrRestart(
  { events, meter }: Pick<ServingOptions, "events" | "meter">,
  classifier: Classifier,
  data: Float32Array,
): Promise<Classification> {
  try {
    return await classifier.classify(data);
  } catch (error) {
    if (!hasCode(error, "WORKER_DIED") && !hasCode(error, "WORKER_TIMEOUT")) throw error;
    meter.add("inferenceFailures", [codeOf(error)]);
    events.raise({ code: "INFERENCE_FAILED" });
    await classifier.restart();
    return await classifier.classify(data);
  }
}
