export { externalFiles } from "./external-files.ts";
