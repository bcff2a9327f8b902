// The entry of the learner process, reached as `#learner`.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { f32 } from "@edgeloop/core/graph";
import { systemClock } from "@edgeloop/core/platform/node";
import {
  chooseBackend,
  fileMemory,
  nodeEndpoint,
  openSession,
  servePeer,
} from "@edgeloop/core/runtime/node";
import { learnerHost } from "../learner-host.ts";
import type { BackendAnswer, BackendRequest } from "../learner-protocol.ts";

/** The first to go when memory runs out: the daemon goes on and starts it again. */
const oomScoreAdjust = "1000";

function offerMemory(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", oomScoreAdjust);
  } catch {
    process.stderr.write("learner: oom_score_adj is not permitted here\n");
  }
}

async function chooseHere(request: BackendRequest): Promise<BackendAnswer> {
  const { model, input, windows, shape, threads, directory } = request;
  const choice = await chooseBackend(model, {
    golden: windows.map((data) => ({ [input]: f32(data, shape) })),
    threads,
    memory: fileMemory(join(directory, "backends.json")),
    stateFile: join(directory, "native.json"),
  });
  return { backend: choice.backend, threads: choice.threads, why: choice.why };
}

if (process.send !== undefined) {
  offerMemory();
  // A learner without its daemon has nobody to answer.
  process.on("disconnect", () => process.exit(0));
  const send = process.send.bind(process);
  servePeer(
    learnerHost({ open: openSession, clock: systemClock, chooseBackend: chooseHere }),
    nodeEndpoint(process, (message) => send(message)),
  );
}
