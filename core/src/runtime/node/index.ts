export type { NodePort } from "./comlink-endpoint.ts";
export { installErrorTransfer, nodeEndpoint } from "./comlink-endpoint.ts";
export { openSession } from "./open.ts";
export type { WorkerOptions, WorkerSession } from "./open-in-worker.ts";
export { openInWorker, workerCallTimeoutMs } from "./open-in-worker.ts";
export type { Peer, PeerLink } from "./peer.ts";
export { connectPeer } from "./peer.ts";
