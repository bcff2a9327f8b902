import type { Run } from "../command.ts";
import { openOperator } from "../operator.ts";
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
  const devices = listOf(status["devices"]);
  say(`${devices.length} devices`);
  for (const line of table(devices.map(deviceRow))) say(`  ${line}`);
  for (const part of ["campaigns", "rounds", "rollouts"]) {
    const entries = listOf(status[part]);
    say(`${entries.length} ${part}`);
    for (const line of table(entries.map(entryRow))) say(`  ${line}`);
  }
  return status;
};

type Entry = Readonly<Record<string, unknown>>;

const listOf = (value: unknown): readonly Entry[] => (Array.isArray(value) ? value : []);

const deviceRow = ({ device, online, revoked, sensorUs }: Entry): readonly string[] => [
  String(device),
  stateOf(online === true, revoked !== undefined),
  typeof sensorUs === "number" ? `data up to ${isoTime(sensorUs)}` : "no data yet",
];

function stateOf(isOnline: boolean, isRevoked: boolean): string {
  if (isRevoked) return "revoked";
  return isOnline ? "online" : "offline";
}

const entryRow = ({ name, kind }: Entry): readonly string[] => [String(name), String(kind)];

const isoTime = (timeUs: number): string => new Date(timeUs / 1000).toISOString();
