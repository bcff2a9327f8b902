export type { KeyRole } from "./key-file.ts";
export { createKeyFile, readKeyFile } from "./key-file.ts";
