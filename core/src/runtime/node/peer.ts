import type { Endpoint, Remote } from "comlink";
import { expose, wrap } from "comlink";
import type { WireError } from "../../platform/errors.ts";
import { codeOf, EdgeloopError, fromWireError, toWireError } from "../../platform/errors.ts";

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

/** Functions that a peer offers. */
// biome-ignore lint/suspicious/noExplicitAny: any function will do; `unknown` parameters would admit none
export type PeerApi = Readonly<Record<string, (...args: any[]) => Promise<unknown>>>;

/**
 * Answers calls at an endpoint; what a function throws crosses with its code and details.
 *
 * Comlink reduces an Error to message, name and stack (GoogleChromeLabs/comlink#594), but carries a plain object whole.
 */
export function servePeer(api: PeerApi, endpoint: Endpoint): void {
  const guarded = Object.entries(api).map(([name, run]) => [
    name,
    async (...args: unknown[]): Promise<unknown> => {
      try {
        return await run(...args);
      } catch (error) {
        throw toWireError(error) as WireError & Error;
      }
    },
  ]);
  expose(Object.fromEntries(guarded), endpoint);
}

/**
 * Wraps a peer with comlink, and races every call with its death and a deadline.
 *
 * Comlink alone leaves the callers of a dead peer waiting for ever.
 */
export function connectPeer<Api extends PeerApi>(link: PeerLink, callTimeoutMs: number): Peer<Api> {
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
        invoke(remote).then(
          (result) => {
            settle();
            resolve(result);
          },
          (error: unknown) => fail(fromThrown(error)),
        );
      });
    },
  };
}

function fromThrown(error: unknown): unknown {
  if (error instanceof Error || codeOf(error) === "UNKNOWN") return error;
  return fromWireError(error as WireError);
}

const timeout = (callTimeoutMs: number): EdgeloopError =>
  new EdgeloopError("WORKER_TIMEOUT", `the worker did not answer within ${callTimeoutMs} ms`, {
    details: { callTimeoutMs },
  });
