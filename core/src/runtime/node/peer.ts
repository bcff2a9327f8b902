import type { Endpoint, Remote } from "comlink";
import { wrap } from "comlink";
import { EdgeloopError } from "../../platform/errors.ts";
import { installErrorTransfer } from "./comlink-endpoint.ts";

/** A worker thread or child process that answers comlink calls, and may die. */
export type PeerLink = {
  readonly endpoint: Endpoint;
  /** Resolves with what is known of the end, once the peer is gone. */
  readonly exited: Promise<string>;
  /** Ends the peer; `exited` follows. */
  kill(): void;
  /** Keeps the process alive while calls are open, and only then. */
  hold?(busy: boolean): void;
};

/** Calls to a peer, none of which hangs. */
export type Peer<Api> = {
  /**
   * Calls the peer.
   *
   * @throws `WORKER_DIED` when it is or goes away, `WORKER_TIMEOUT` when the deadline passes; the peer is then ended,
   * because a thread that computes hears nothing.
   */
  call<Result>(invoke: (remote: Remote<Api>) => Promise<Result>): Promise<Result>;
  readonly alive: boolean;
};

/**
 * Wraps a peer with comlink, and races every call with its death and a deadline.
 *
 * Comlink alone leaves the callers of a dead peer waiting for ever.
 */
export function connectPeer<Api>(link: PeerLink, callTimeoutMs: number): Peer<Api> {
  installErrorTransfer();
  const remote = wrap<Api>(link.endpoint);
  const open = new Set<(error: EdgeloopError) => void>();
  let death: EdgeloopError | undefined;
  void link.exited.then((reason) => {
    death = new EdgeloopError("WORKER_DIED", `the worker is gone: ${reason}; restart it`);
    for (const reject of open) reject(death);
  });
  return {
    get alive() {
      return death === undefined;
    },
    call(invoke) {
      if (death !== undefined) return Promise.reject(death);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          settle();
          reject(timeout(callTimeoutMs));
          link.kill();
        }, callTimeoutMs);
        const settle = (): void => {
          clearTimeout(timer);
          open.delete(fail);
          if (open.size === 0) link.hold?.(false);
        };
        const fail = (error: unknown): void => {
          settle();
          reject(error);
        };
        if (open.size === 0) link.hold?.(true);
        open.add(fail);
        invoke(remote).then((result) => {
          settle();
          resolve(result);
        }, fail);
      });
    },
  };
}

const timeout = (callTimeoutMs: number): EdgeloopError =>
  new EdgeloopError("WORKER_TIMEOUT", `the worker did not answer within ${callTimeoutMs} ms`, {
    details: { callTimeoutMs },
  });
