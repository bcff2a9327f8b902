/** What a metric is: a counter only grows, a gauge is set, a histogram is observed. */
export type Metric = {
  readonly kind: "counter" | "gauge" | "histogram";
  /** Name in Prometheus; base units, counters end in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
};

/** Names one metric. */
export type MetricKey =
  | "packets"
  | "duplicates"
  | "refused"
  | "gaps"
  | "windows"
  | "idle"
  | "predictions"
  | "inferenceFailures"
  | "publishFailures"
  | "sessionDropped"
  | "unstored"
  | "notKept"
  | "dropped"
  | "unwatched"
  | "labels"
  | "quarantineDropped"
  | "events"
  | "learnerSessions"
  | "installs"
  | "stored"
  | "labelledScore"
  | "waiting"
  | "diskFull"
  | "latency"
  | "inference";

const latencyBuckets = [0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.025, 0.05, 0.1, 0.5, 1];

/** Every metric of a gateway. */
export const gatewayMetrics: Readonly<Record<MetricKey, Metric>> = {
  packets: {
    kind: "counter",
    name: "edgeloop_packets_total",
    help: "Packets of samples that adapters yielded.",
    labels: ["sensor"],
  },
  duplicates: {
    kind: "counter",
    name: "edgeloop_duplicate_packets_total",
    help: "Packets that came again and were dropped.",
    labels: ["sensor"],
  },
  refused: {
    kind: "counter",
    name: "edgeloop_refused_payloads_total",
    help: "Payloads that were refused, by code.",
    labels: ["sensor", "code"],
  },
  gaps: {
    kind: "counter",
    name: "edgeloop_gaps_total",
    help: "Gaps in sensor data at which the open window was given up.",
    labels: ["sensor"],
  },
  windows: {
    kind: "counter",
    name: "edgeloop_windows_total",
    help: "Windows that were cut.",
    labels: ["sensor"],
  },
  idle: {
    kind: "counter",
    name: "edgeloop_windows_without_model_total",
    help: "Windows that met no serving model.",
    labels: ["sensor"],
  },
  predictions: {
    kind: "counter",
    name: "edgeloop_predictions_total",
    help: "Predictions that were published.",
    labels: ["sensor"],
  },
  inferenceFailures: {
    kind: "counter",
    name: "edgeloop_inference_failures_total",
    help: "Windows whose inference failed, by code.",
    labels: ["code"],
  },
  publishFailures: {
    kind: "counter",
    name: "edgeloop_publish_failures_total",
    help: "Predictions that the local broker did not take.",
    labels: [],
  },
  sessionDropped: {
    kind: "counter",
    name: "edgeloop_session_messages_dropped_total",
    help: "Messages that the embedded broker dropped of sessions whose clients did not fetch them.",
    labels: [],
  },
  unstored: {
    kind: "counter",
    name: "edgeloop_unstored_predictions_total",
    help: "Predictions published without a row, because the disk was full.",
    labels: [],
  },
  notKept: {
    kind: "counter",
    name: "edgeloop_windows_not_kept_total",
    help: "Windows that learning could not keep, by reason.",
    labels: ["code"],
  },
  dropped: {
    kind: "counter",
    name: "edgeloop_windows_dropped_total",
    help: "Stored windows dropped at the bound.",
    labels: [],
  },
  unwatched: {
    kind: "counter",
    name: "edgeloop_windows_unwatched_total",
    help: "Windows that the drift watch could not take.",
    labels: [],
  },
  labels: {
    kind: "counter",
    name: "edgeloop_labels_total",
    help: "Label messages that were stored.",
    labels: [],
  },
  quarantineDropped: {
    kind: "counter",
    name: "edgeloop_quarantine_dropped_total",
    help: "Refused payloads that found no room in quarantine or were displaced.",
    labels: [],
  },
  events: {
    kind: "counter",
    name: "edgeloop_events_total",
    help: "Events, by code.",
    labels: ["code"],
  },
  learnerSessions: {
    kind: "counter",
    name: "edgeloop_learner_sessions_total",
    help: "Learner processes, by how they ended.",
    labels: ["outcome"],
  },
  installs: {
    kind: "counter",
    name: "edgeloop_model_installs_total",
    help: "Installations of models, by outcome or code.",
    labels: ["code"],
  },
  stored: {
    kind: "gauge",
    name: "edgeloop_stored_windows",
    help: "Windows on disk for learning.",
    labels: [],
  },
  labelledScore: {
    kind: "gauge",
    name: "edgeloop_labelled_macro_f1",
    help: "Macro-F1 of the serving model on the last windows that were labelled.",
    labels: [],
  },
  waiting: {
    kind: "gauge",
    name: "edgeloop_waiting_predictions",
    help: "Predictions that wait for their row.",
    labels: [],
  },
  diskFull: {
    kind: "gauge",
    name: "edgeloop_disk_full",
    help: "1 while the disk is full and learning pauses.",
    labels: [],
  },
  latency: {
    kind: "histogram",
    name: "edgeloop_window_to_publish_seconds",
    help: "From the packet that completed a window to its published prediction.",
    labels: [],
    buckets: latencyBuckets,
  },
  inference: {
    kind: "histogram",
    name: "edgeloop_inference_seconds",
    help: "Duration of one inference, worker hop included.",
    labels: [],
    buckets: latencyBuckets,
  },
};
