import { loadGolden, loadGraph } from "@edgeloop/core/bundle";
import { encodeOnnx } from "@edgeloop/core/graph";
import type { BlobStore, Log } from "@edgeloop/core/platform";
import type { Classifier } from "./classifier.ts";
import type { BackendAnswer } from "./learner-protocol.ts";
import type { Learner } from "./participant.ts";
import type { Serving } from "./serving.ts";

/** Chooses the backend of the serving model by verifying and measuring. */
export type BackendChoice = {
  /** Looks at a model that began to serve; when another backend is better the same model is served on that one. */
  consider(classifier: Classifier): Promise<void>;
};

/** What a model was chosen to be served on. */
export type ChosenBackend = Pick<BackendAnswer, "backend" | "threads">;

/** What choosing needs. */
export type BackendChoiceOptions = {
  readonly blobs: BlobStore;
  readonly learner: Learner;
  /** The most that a run may use. */
  readonly threads: number;
  readonly directory: string;
  /** Opens the model on a named backend, with so many threads. */
  readonly open: (classifier: Classifier, chosen: ChosenBackend) => Promise<Classifier>;
  readonly serving: Pick<Serving, "current" | "replace">;
  readonly signal: AbortSignal;
  readonly log: Log;
};

/** Builds the choice. A choice is remembered by graph, versions and processor, so a restart does not measure again. */
export function createBackendChoice(options: BackendChoiceOptions): BackendChoice {
  const { blobs, learner, threads, directory, open, serving, signal, log } = options;
  const chosen = new WeakSet<Classifier>();
  const measure = async ({ manifest }: Classifier): Promise<ChosenBackend> => {
    const graph = await loadGraph(manifest, blobs, "int8");
    const { windows } = await loadGolden(manifest, blobs);
    const [count = 0, ...shape] = windows.shape;
    const size = windows.data.length / count;
    const request = {
      model: encodeOnnx(graph),
      input: graph.inputs[0]?.name ?? "",
      windows: Array.from({ length: count }, (_, at) =>
        windows.data.slice(at * size, (at + 1) * size),
      ),
      shape: [1, ...shape],
      threads,
      directory,
    };
    const answer = await learner.use((api) => api.chooseBackend(request), signal);
    log.info("backend-chosen", answer);
    return answer;
  };
  return {
    async consider(classifier) {
      if (classifier.backend !== "wasm" || chosen.has(classifier)) return;
      try {
        const best = await measure(classifier);
        const isServing = best.backend === "wasm" && best.threads === 1;
        if (isServing || serving.current() !== classifier) return;
        const better = await open(classifier, best);
        chosen.add(better);
        // A model that was installed meanwhile, or is just being installed, stays.
        if (!(await serving.replace(classifier, better))) await better.dispose();
      } catch (error) {
        if (!signal.aborted) log.warn("backend-unchosen", { error });
      }
    },
  };
}
