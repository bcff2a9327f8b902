export type { BackendRow } from "./backends.ts";
export { backendNames, backends, installLine } from "./backends.ts";
export type { ChoiceMemory } from "./choice-memory.ts";
export { choiceKey, fileMemory } from "./choice-memory.ts";
export type { ChooseOptions } from "./choose-backend.ts";
export {
  candidatesOf,
  chooseBackend,
  differenceLimitOf,
  differenceMax,
  floatDifferenceMax,
} from "./choose-backend.ts";
export type { NodePort } from "./comlink-endpoint.ts";
export { nodeEndpoint } from "./comlink-endpoint.ts";
export { nativeCrashesMax, recordNativeCrash, tryNative } from "./native-state.ts";
export { openSession } from "./open.ts";
export type { WorkerOptions, WorkerSession } from "./open-in-worker.ts";
export { openInWorker, workerCallTimeoutMs } from "./open-in-worker.ts";
export type { Peer, PeerApi, PeerLink } from "./peer.ts";
export { connectPeer, servePeer } from "./peer.ts";
export type { Availability, ProbeOptions } from "./probe.ts";
export { nativeAvailable, probeNative, probeTimeoutMs } from "./probe.ts";
