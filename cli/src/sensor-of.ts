import { EdgeloopError } from "@edgeloop/core/platform";

/**
 * Chooses a gateway's sensor by name; one with a single sensor needs no name for it.
 *
 * @throws `USAGE`
 */
export function sensorOf(
  { sensors }: { readonly sensors: readonly { readonly sensor: string }[] },
  wanted: string | undefined,
): string {
  const names = sensors.map(({ sensor }) => sensor);
  const [first = ""] = names;
  if (wanted === undefined && names.length === 1) return first;
  if (wanted !== undefined && names.includes(wanted)) return wanted;
  throw new EdgeloopError("USAGE", `--sensor is one of ${names.join(", ")}`);
}
