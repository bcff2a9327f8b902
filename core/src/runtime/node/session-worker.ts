// The entry of an inference thread, reached as `#inference-worker`.
import { parentPort, workerData } from "node:worker_threads";
import { nodeEndpoint } from "./comlink-endpoint.ts";
import { adoptCompiledWasm } from "./compiled-wasm.ts";
import { servePeer } from "./peer.ts";
import { sessionHost } from "./session-host.ts";

/** What the parent passes when it starts the thread. */
export type SessionWorkerData = { readonly compiled?: object };

if (parentPort !== null) {
  const { compiled } = workerData as SessionWorkerData;
  if (compiled !== undefined) adoptCompiledWasm(compiled);
  const port = parentPort;
  servePeer(
    sessionHost(),
    nodeEndpoint(port, (message) => port.postMessage(message)),
  );
}
