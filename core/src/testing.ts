export { blobStoreContract } from "./testing/blob-store-contract.ts";
export { memoryBlobStore } from "./testing/memory-blob-store.ts";
export type { LogLine, MemoryLog } from "./testing/memory-log.ts";
export { memoryLog } from "./testing/memory-log.ts";
export type { CrashFileSystem, Survival } from "./testing/node/crash-file-system.ts";
export { crashFileSystem, survivals } from "./testing/node/crash-file-system.ts";
export { memoryStore } from "./testing/node/memory-store.ts";
export type { StoreUnderTest } from "./testing/store-contract.ts";
export { storeContract } from "./testing/store-contract.ts";
