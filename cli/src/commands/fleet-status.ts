import type { Run } from "../command.ts";
import type { StatusRow } from "../operator.ts";
import { openOperator, statusRows } from "../operator.ts";
import { textOption } from "../options.ts";
import { table } from "../table.ts";

/**
 * Shows what the coordinator knows: devices, campaigns, rounds, rollouts.
 *
 * @throws `CONFIG_INVALID`, `COORDINATOR_UNREACHABLE`
 */
export const run: Run = async ({ say }, _args, options) => {
  const operator = await openOperator(textOption(options, "coordinator"));
  const status = await operator.get("status");
  const devices = statusRows(status["devices"]);
  say(`${devices.length} devices`);
  for (const line of table(devices.map(deviceRow))) say(`  ${line}`);
  for (const part of ["campaigns", "rounds", "rollouts"]) {
    const entries = statusRows(status[part]);
    say(`${entries.length} ${part}`);
    for (const line of table(entries.map(entryRow))) say(`  ${line}`);
  }
  return status;
};

const deviceRow = ({ device, online, revoked, sensorUs }: StatusRow): readonly string[] => [
  String(device),
  stateOf(online === true, revoked !== undefined),
  typeof sensorUs === "number" ? `data up to ${isoTime(sensorUs)}` : "no data yet",
];

function stateOf(isOnline: boolean, isRevoked: boolean): string {
  if (isRevoked) return "revoked";
  return isOnline ? "online" : "offline";
}

const entryRow = ({ name, kind, details }: StatusRow): readonly string[] => [
  String(name),
  String(kind),
  noteOf(String(name), kind, { ...Object(details) }),
];

/** Why something ended, or what a person has to do. */
function noteOf(name: string, kind: unknown, { code }: StatusRow): string {
  if (kind === "proposed") return `waits for: edgeloop fleet approve ${name}`;
  return typeof code === "string" ? code : "";
}

const isoTime = (timeUs: number): string => new Date(timeUs / 1000).toISOString();
