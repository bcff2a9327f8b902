import { parentPort, Worker } from "node:worker_threads";
import type { Endpoint, Remote } from "comlink";
import { expose, releaseProxy, wrap } from "comlink";
import type { WireError } from "../errors.ts";
import { codeOf, EdgeloopError, fromWireError, messageOf, toWireError } from "../errors.ts";

/** Functions that a worker thread offers. */
// biome-ignore lint/suspicious/noExplicitAny: any function will do; `unknown` parameters would admit none
export type WorkerApi = Readonly<Record<string, (...args: any[]) => unknown>>;

/** The caller's end of a worker thread. */
export type WorkerLink<Api extends WorkerApi> = {
  /**
   * Calls the worker.
   *
   * @throws What the function threw, with its code; the link's `diedCode` when the worker is gone, at once.
   */
  call<T>(use: (api: Remote<Api>) => Promise<T>): Promise<T>;
  /** Ends the thread without waiting for what it does; calls under way reject. */
  terminate(): Promise<void>;
};

/** How a worker is started. */
export type WorkerLinkOptions = {
  /** The worker's module as a `file:` URL, as `import.meta.resolve("#store-worker")` gives. */
  readonly entry: string;
  /** The code that calls reject with once the worker is gone. */
  readonly diedCode: string;
  readonly workerData?: unknown;
};

/** Starts a worker thread that {@link serveWorker} answers in. */
export function openWorkerLink<Api extends WorkerApi>(options: WorkerLinkOptions): WorkerLink<Api> {
  const worker = new Worker(new URL(options.entry), { workerData: options.workerData });
  const remote = wrap<Api>(endpoint(worker));
  const waiting = new Set<(reason: EdgeloopError) => void>();
  let died: EdgeloopError | undefined;
  const die = (cause: unknown): void => {
    died ??= new EdgeloopError(options.diedCode, "the worker thread is gone", {
      details: { entry: options.entry, reason: messageOf(cause) },
      cause,
    });
    for (const reject of waiting) reject(died);
    waiting.clear();
  };
  worker.on("error", die);
  worker.on("exit", (exitCode) => die(new Error(`the thread ended with ${exitCode}`)));
  return {
    // Not Promise.race: a promise that lives as long as the worker would keep every call's reaction.
    call: (use) =>
      new Promise((resolve, reject) => {
        if (died) {
          reject(died);
          return;
        }
        waiting.add(reject);
        use(remote)
          .then(resolve, (error: unknown) => reject(fromThrown(error)))
          .finally(() => waiting.delete(reject));
      }),
    async terminate() {
      remote[releaseProxy]();
      await worker.terminate();
    },
  };
}

/** Offers functions to the thread that started this worker; what they throw keeps its code. */
export function serveWorker(api: WorkerApi): void {
  if (!parentPort) throw new EdgeloopError("WORKER_MISSING", "this module runs in a worker thread");
  const guarded = Object.entries(api).map(([name, run]) => [
    name,
    async (...args: unknown[]): Promise<unknown> => {
      try {
        return await run(...args);
      } catch (error) {
        // Comlink reduces an Error to its message; a plain object crosses whole.
        throw toWireError(error) as WireError & Error;
      }
    },
  ]);
  expose(Object.fromEntries(guarded), endpoint(parentPort));
}

function fromThrown(error: unknown): unknown {
  if (error instanceof Error || codeOf(error) === "UNKNOWN") return error;
  return fromWireError(error as WireError);
}

type Port = {
  postMessage(message: unknown, transfer: readonly Transferable[]): void;
  on(event: "message", listen: (data: unknown) => void): unknown;
  off(event: "message", listen: (data: unknown) => void): unknown;
};
type Transferable = NonNullable<Parameters<Worker["postMessage"]>[1]>[number];
type Listener = Parameters<Endpoint["addEventListener"]>[1];

// Comlink speaks the browser's event interface; Node's ports emit.
function endpoint(port: Port): Endpoint {
  const listeners = new WeakMap<Listener, (data: unknown) => void>();
  return {
    postMessage: (message, transfer) => {
      port.postMessage(message, (transfer ?? []) as readonly Transferable[]);
    },
    addEventListener: (_type, listener) => {
      const listen = (data: unknown): void => {
        const event = { data } as unknown as Event;
        if ("handleEvent" in listener) listener.handleEvent(event);
        else listener(event);
      };
      listeners.set(listener, listen);
      port.on("message", listen);
    },
    removeEventListener: (_type, listener) => {
      const listen = listeners.get(listener);
      if (listen) port.off("message", listen);
    },
  };
}
