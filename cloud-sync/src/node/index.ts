export type { OfflinePackage, OfflineRequest } from "../ota-offline.ts";
export { rotateRoot, signOffline } from "../ota-offline.ts";
export type { KeyRole } from "./key-file.ts";
export { createKeyFile, readKeyFile } from "./key-file.ts";
export type {
  FetchedBundle,
  FetchedManifest,
  FetchOptions,
  RefreshResult,
  Release,
  Updater,
  UpdaterOptions,
} from "./ota-client.ts";
export { openUpdater } from "./ota-client.ts";
export type { Registry, RegistryOptions } from "./registry.ts";
export { openRegistry } from "./registry.ts";
export type { RegistryRelease } from "./registry-releases.ts";
export type { RegistryFile } from "./registry-serve.ts";
export {
  importReleasePackage,
  readReleasePackage,
  releaseBlobs,
  writeReleasePackage,
} from "./release-package.ts";
export type { CoordinatorAddresses, RunCoordinatorOptions } from "./run-coordinator.ts";
export { coordinatorCode, readCoordinatorConfig, runCoordinator } from "./run-coordinator.ts";
export type { EventReport, SyncClient, SyncClientOptions } from "./sync-client.ts";
export { openSyncClient } from "./sync-client.ts";
