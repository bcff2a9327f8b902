export type { KeyRole } from "./key-file.ts";
export { createKeyFile, readKeyFile } from "./key-file.ts";
export type { EventReport, SyncClient, SyncClientOptions } from "./sync-client.ts";
export { openSyncClient } from "./sync-client.ts";
