import type { Site } from "./site.ts";

/** Writes one operator as nodes of the graph, and says what its outputs are. */
export type ImportRow = (site: Site) => void;

/** Rows by the schema's operator names. */
export type ImportRows = Readonly<Record<string, ImportRow>>;
