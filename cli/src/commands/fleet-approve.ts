import { parseName } from "@edgeloop/core/platform";
import type { Run } from "../command.ts";
import type { StatusRow } from "../operator.ts";
import { openOperator, statusRows } from "../operator.ts";
import { textOption } from "../options.ts";
import { table } from "../table.ts";

/**
 * Lets a campaign go on that waits for a person, which `approve: operator` of the policy asks for; without a name it
 * lists those that wait.
 *
 * @throws `CONFIG_INVALID`, `COORDINATOR_UNREACHABLE`, `NAME_INVALID`, `CAMPAIGN_UNKNOWN`, `CAMPAIGN_NOT_WAITING`
 */
export const run: Run = async ({ say }, [name], options) => {
  const operator = await openOperator(textOption(options, "coordinator"));
  if (name !== undefined) {
    const campaign = parseName(name);
    await operator.post(`campaigns/${campaign}/approve`, {});
    say(`${campaign} is approved: its rounds start`);
    return { format: 1, approved: campaign };
  }
  const campaigns = statusRows((await operator.get("status"))["campaigns"]);
  const waiting = campaigns.filter(({ kind }) => kind === "proposed");
  say(`${waiting.length} campaigns wait for approval`);
  for (const line of table(waiting.map(rowOf))) say(`  ${line}`);
  return { format: 1, waiting };
};

/** Why, over which data, and how many rounds: what a person decides about. */
function rowOf({ name, details }: StatusRow): readonly string[] {
  const { reason, data, rounds } = { ...Object(details) };
  const { startUs, endUs } = { ...Object(data) };
  return [
    String(name),
    String(reason),
    `${isoTime(startUs)} to ${isoTime(endUs)}`,
    `${rounds} rounds`,
  ];
}

const isoTime = (timeUs: number): string => new Date(timeUs / 1000).toISOString();
