import type { Clock } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { LearnerApi, LearnerStart, WindowChunk } from "./learner-protocol.ts";
import { calibrateLocally, evaluateLocally } from "./local-evaluation.ts";
import type { Examples, OpenModel } from "./local-training.ts";
import { trainLocally } from "./local-training.ts";

/** Hosts one session of learning, inside the learner process. */
export function learnerHost({
  open,
  clock,
  chooseBackend,
}: {
  readonly open: OpenModel;
  readonly clock: Clock;
  readonly chooseBackend: LearnerApi["chooseBackend"];
}): LearnerApi {
  let started: LearnerStart | undefined;
  let chunks: WindowChunk[] = [];
  const begun = (): LearnerStart => {
    if (started !== undefined) return started;
    throw new EdgeloopError("LEARNER_NOT_BEGUN", "begin a session first");
  };
  const setting = () => ({ start: begun(), examples: joined(chunks), open });
  return {
    chooseBackend,
    begin(start) {
      started = start;
      chunks = [];
      return Promise.resolve();
    },
    add(chunk) {
      chunks.push(chunk);
      return Promise.resolve();
    },
    train: (blobs) => trainLocally(begun(), blobs, { examples: joined(chunks), open, clock }),
    calibrate: (task, model) => calibrateLocally(setting(), task, model),
    evaluate: (task, models, slice) => evaluateLocally(setting(), task, { models, slice }),
  };
}

function joined(chunks: readonly WindowChunk[]): Examples {
  const data = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.data.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    data.set(chunk.data, at);
    at += chunk.data.length;
  }
  return { data, targets: chunks.flatMap((chunk) => chunk.targets) };
}
