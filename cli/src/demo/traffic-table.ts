import { table } from "../table.ts";
import type { TrafficRow } from "./capture/ledger.ts";

/** Gateways side by side: as many as a terminal of 100 columns shows. */
const columnsMax = 6;
/** Room for the bytes of a gateway, and for its name. */
const cellChars = 8;

/**
 * Sets out which bytes crossed: a line for each kind of message and direction, a column for each gateway.
 *
 * More gateways than fit side by side stand below each other; the last column is the fleet's.
 */
export function trafficTable(
  rows: readonly TrafficRow[],
  gateways: readonly string[],
): readonly string[] {
  const lines = linesOf(rows);
  const starts = Array.from(
    { length: Math.ceil(gateways.length / columnsMax) },
    (_, block) => block * columnsMax,
  );
  return starts.flatMap((start) => {
    const names = gateways.slice(start, start + columnsMax);
    const isLast = start + columnsMax >= gateways.length;
    const heads = isLast ? [...names, "fleet"] : names;
    return table([
      ["bytes on the wire", "", ...heads.map((head) => head.padStart(cellChars))],
      ...lines.map(({ what, direction, keep }) => {
        const kept = rows.filter(keep);
        const cells = names.map((name) => bytesOf(kept.filter(({ gateway }) => gateway === name)));
        return [what, direction, ...cells, ...(isLast ? [bytesOf(kept)] : [])];
      }),
    ]);
  });
}

type Line = {
  readonly what: string;
  readonly direction: string;
  readonly keep: (row: TrafficRow) => boolean;
};

/** What goes up before what comes down, the sum of each direction after its kinds. */
function linesOf(rows: readonly TrafficRow[]): readonly Line[] {
  return (["up", "down"] as const).flatMap((direction) => {
    const own = rows.filter((row) => row.direction === direction);
    const kinds = [...new Set(own.map(({ kind }) => kind))].toSorted();
    return [
      ...kinds.map((kind) => ({
        what: kind,
        direction,
        keep: (row: TrafficRow) => row.direction === direction && row.kind === kind,
      })),
      { what: "all", direction, keep: (row: TrafficRow) => row.direction === direction },
    ];
  });
}

const bytesOf = (rows: readonly TrafficRow[]): number =>
  rows.reduce((sum, { bytes }) => sum + bytes, 0);
