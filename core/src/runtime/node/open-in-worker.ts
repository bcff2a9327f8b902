import { Worker } from "node:worker_threads";
import { wrap } from "comlink";
import { messageOf } from "../../platform/errors.ts";
import { disposed } from "../feeds.ts";
import type { EncodedModel, Model } from "../model.ts";
import { encodeModelFor } from "../model-for.ts";
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
  const encoded = encodeModelFor(model, options.backend);
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
      // One that did not answer in time ends by itself.
      if (current.peer.alive) await current.end();
    },
  };
}

type Started = Pick<Session, "inputs" | "outputs"> & {
  readonly peer: Peer<SessionHost>;
  readonly end: () => Promise<void>;
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
  const { link, end } = linkTo(worker, isAddon(options.backend));
  const peer = connectPeer<SessionHost>(link, callTimeoutMs);
  try {
    const infos = await peer.call((remote) => remote.open(model, options));
    return { ...infos, peer, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Tells whether a backend's code is an addon of Node's, and not WebAssembly. */
const isAddon = (backend: SessionOptions["backend"]): boolean =>
  backend === "native" || backend === "webgpu";

/**
 * Links to a thread, and ends it.
 *
 * A thread that is terminated while an addon runs in it aborts the whole process (onnxruntime-node 1.30): what
 * runs comes to its end first, and one that is killed over a deadline is given up at once and ends when it can.
 */
function linkTo(
  worker: Worker,
  waits: boolean,
): { readonly link: PeerLink; readonly end: () => Promise<void> } {
  let reason: string | undefined;
  const exited = new Promise<string>((resolve) => {
    worker.on("error", (error) => {
      reason = messageOf(error);
    });
    worker.on("exit", (code) => resolve(reason ?? `exit code ${code}`));
  });
  const givenUp = Promise.withResolvers<string>();
  const endpoint = nodeEndpoint(worker, (message) => worker.postMessage(message));
  const host = wrap<SessionHost>(endpoint);
  const end = async (): Promise<void> => {
    if (waits) await Promise.race([host.settled(), exited]);
    await worker.terminate();
  };
  return {
    end,
    link: {
      endpoint,
      exited: Promise.race([exited, givenUp.promise]),
      kill: () => {
        givenUp.resolve("it did not answer in time");
        void end();
      },
      hold: (busy) => (busy ? worker.ref() : worker.unref()),
    },
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
