/** One point of accuracy over time, from the driver's own truth. */
export type AccuracyPoint = {
  /** Seconds since the start of the live part. */
  readonly atS: number;
  /** Share of right predictions in the last windows; null before the first. */
  readonly fleet: number | null;
  /** The same by gateway, in the order of `gateways`. */
  readonly gateways: readonly (number | null)[];
};

/** One round as the coordinator reports it. */
export type RoundRow = {
  readonly round: string;
  readonly state: string;
  readonly atS: number;
  readonly devices?: number;
  readonly examples?: number;
  /** Federated evaluation of the int8 candidate. */
  readonly accuracy?: number;
  readonly parentAccuracy?: number;
};

/** Latency of one stretch of the run, window's last sample to its published prediction. */
export type LatencyRow = {
  readonly name: string;
  readonly windows: number;
  /** Null where no window was measured. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
};

/** One line of the result table. */
export type ResultRow = readonly [what: string, asked: string, measured: string];

/** All that the report shows; plain data, sent whole at first and in changed parts after. */
export type ReportState = {
  readonly title: string;
  readonly phase: string;
  readonly gateways: readonly string[];
  readonly accuracy: readonly AccuracyPoint[];
  readonly rounds: readonly RoundRow[];
  readonly traffic: readonly {
    readonly gateway: string;
    readonly direction: string;
    readonly kind: string;
    readonly bytes: number;
  }[];
  readonly latency: readonly LatencyRow[];
  readonly events: readonly { readonly atS: number; readonly text: string }[];
  readonly results: readonly ResultRow[];
};

/** What the live page is sent: any part of the state, whole. */
export type ReportPatch = Partial<ReportState>;

/** The report before anything happened. */
export const emptyReport = (title: string, gateways: readonly string[]): ReportState => ({
  title,
  phase: "starting",
  gateways,
  accuracy: [],
  rounds: [],
  traffic: [],
  latency: [],
  events: [],
  results: [],
});
