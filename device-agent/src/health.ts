/** What `/healthz` says: the state of the parts, as data. */
export type Health = {
  readonly format: 1;
  /** `degraded`: it serves, but something needs attention. `failed`: it has to be started again. */
  readonly status: "ok" | "degraded" | "failed";
  readonly id: string;
  readonly fleet: string;
  readonly line: string;
  /** The serving model; absent before the first installation. */
  readonly model?: {
    readonly manifest: string;
    readonly version: number;
    readonly state: "trial" | "confirmed";
    readonly backend: string;
  };
  readonly broker: string;
  readonly coordinator: "connected" | "disconnected" | "none";
  readonly diskFull: boolean;
  readonly storedWindows: number;
  /** The newest sensor time on disk, in microseconds. */
  readonly sensorUs: number;
  readonly sensors: readonly { readonly sensor: string; readonly state: "running" | "ended" }[];
};

/** Chooses the status from the parts. */
export function statusOf(
  parts: Pick<Health, "model" | "diskFull" | "sensors" | "coordinator">,
  storeFailed: boolean,
): Health["status"] {
  if (storeFailed) return "failed";
  const degraded =
    parts.model === undefined ||
    parts.diskFull ||
    parts.coordinator === "disconnected" ||
    parts.sensors.some(({ state }) => state === "ended");
  return degraded ? "degraded" : "ok";
}
