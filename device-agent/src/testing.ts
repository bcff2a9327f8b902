export type { TinyBundle, TinyOptions } from "./testing/tiny-bundle.ts";
export { tinyBundle, tinyWindow } from "./testing/tiny-bundle.ts";
