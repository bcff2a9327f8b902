import type { Endpoint } from "comlink";

/** What a Node worker, its `parentPort` and both ends of a process's IPC channel have in common. */
export type NodePort = {
  on(event: "message", listener: (data: unknown) => void): unknown;
  off(event: "message", listener: (data: unknown) => void): unknown;
};

type Listener = Parameters<Endpoint["addEventListener"]>[1];

/**
 * Adapts a Node port to comlink, which speaks the browser's events.
 *
 * @param postMessage How the port sends: `postMessage` of a thread, `send` of a process. Everything is copied; at the
 * few kB of a window, transferring gains nothing.
 */
export function nodeEndpoint(port: NodePort, postMessage: (message: unknown) => void): Endpoint {
  const listeners = new Map<Listener, (data: unknown) => void>();
  return {
    postMessage: (message) => postMessage(message),
    addEventListener(_type, listener) {
      const heard = (data: unknown): void => {
        const event = { data } as MessageEvent;
        if ("handleEvent" in listener) listener.handleEvent(event);
        else listener(event);
      };
      listeners.set(listener, heard);
      port.on("message", heard);
    },
    removeEventListener(_type, listener) {
      const heard = listeners.get(listener);
      if (heard !== undefined) port.off("message", heard);
      listeners.delete(listener);
    },
  };
}
