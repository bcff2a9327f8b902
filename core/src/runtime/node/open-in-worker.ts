import { Worker } from "node:worker_threads";
import { messageOf } from "../../platform/errors.ts";
import { disposed } from "../feeds.ts";
import type { EncodedModel, Model } from "../model.ts";
import { encodeModel } from "../model.ts";
import type { Loop, Session, SessionOptions } from "../session.ts";
import { nodeEndpoint } from "./comlink-endpoint.ts";
import { compiledWasm } from "./compiled-wasm.ts";
import type { Peer, PeerLink } from "./peer.ts";
import { connectPeer } from "./peer.ts";
import type { SessionHost } from "./session-host.ts";
import type { SessionWorkerData } from "./session-worker.ts";

/** How a session in a worker is opened. */
export type WorkerOptions = SessionOptions & {
  /** A call that takes longer ends the worker. */
  readonly callTimeoutMs?: number;
};

/** A session whose runs do not block the calling thread. */
export type WorkerSession = Session & {
  /** Starts another worker with the same model when this one died; its loops stay dead. */
  restart(): Promise<void>;
};

/** Far above any run of a gateway's model; a call that reaches it is stuck. */
export const workerCallTimeoutMs = 60_000;

/**
 * Opens a model in a worker thread of its own, behind the same port as in the calling thread.
 *
 * An idle worker does not keep the process alive. When the worker dies its callers get `WORKER_DIED`, as does every
 * later call until `restart`.
 *
 * @throws `MODEL_INVALID`, `MODEL_UNSUPPORTED`, `BACKEND_UNAVAILABLE`, `WORKER_DIED`, `WORKER_TIMEOUT`
 */
export async function openInWorker(model: Model, options: WorkerOptions): Promise<WorkerSession> {
  const { callTimeoutMs = workerCallTimeoutMs, ...sessionOptions } = options;
  const encoded = encodeModel(model);
  const start = (): Promise<Started> => startWorker(encoded, sessionOptions, callTimeoutMs);
  let current = await start();
  let open = true;
  const peer = (): Peer<SessionHost> => {
    if (!open) throw disposed("session");
    return current.peer;
  };
  return {
    inputs: current.inputs,
    outputs: current.outputs,
    async run(feeds, outputs) {
      try {
        return await peer().call((remote) => remote.run(feeds, outputs));
      } catch (error) {
        // Whoever disposed the session ended the worker: nothing died.
        if (!open) throw disposed("session");
        throw error;
      }
    },
    async loop(loopOptions) {
      const mine = peer();
      const id = await mine.call((remote) => remote.loop(loopOptions));
      return remoteLoop(
        {
          get alive() {
            return open && mine.alive;
          },
          call: (invoke) => (open ? mine.call(invoke) : Promise.reject(disposed("session"))),
        },
        id,
      );
    },
    async restart() {
      if (!open) throw disposed("session");
      if (!current.peer.alive) current = await start();
    },
    async dispose() {
      if (!open) return;
      open = false;
      await current.worker.terminate();
    },
  };
}

type Started = Pick<Session, "inputs" | "outputs"> & {
  readonly peer: Peer<SessionHost>;
  readonly worker: Worker;
};

async function startWorker(
  model: EncodedModel,
  options: SessionOptions,
  callTimeoutMs: number,
): Promise<Started> {
  const workerData: SessionWorkerData =
    options.backend === "wasm" ? { compiled: await compiledWasm() } : {};
  const worker = new Worker(new URL(import.meta.resolve("#inference-worker")), {
    workerData,
    execArgv: process.execArgv, // The condition that finds the sources must hold there too.
  });
  const peer = connectPeer<SessionHost>(linkTo(worker), callTimeoutMs);
  try {
    const infos = await peer.call((remote) => remote.open(model, options));
    return { ...infos, peer, worker };
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}

function linkTo(worker: Worker): PeerLink {
  let reason: string | undefined;
  worker.on("error", (error) => {
    reason = messageOf(error);
  });
  return {
    endpoint: nodeEndpoint(worker, (message) => worker.postMessage(message)),
    exited: new Promise((resolve) => {
      worker.on("exit", (code) => resolve(reason ?? `exit code ${code}`));
    }),
    kill: () => void worker.terminate(),
    hold: (busy) => (busy ? worker.ref() : worker.unref()),
  };
}

function remoteLoop(peer: Peer<SessionHost>, id: number): Loop {
  return {
    step: (feeds) => peer.call((remote) => remote.step(id, feeds)),
    read: (names) => peer.call((remote) => remote.read(id, names)),
    async dispose() {
      if (peer.alive) await peer.call((remote) => remote.endLoop(id));
    },
  };
}
