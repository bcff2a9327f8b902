import { EdgeloopError, hasCode } from "@edgeloop/core/platform";
import type { CampaignSpec } from "./campaign-events.ts";
import type { CampaignOffice } from "./campaign-office.ts";
import type {
  CoordinatorNotice,
  CoordinatorPorts,
  CoordinatorSettings,
} from "./coordinator-ports.ts";
import type { DeviceEvent } from "./fleet-messages.ts";
import type { Journal } from "./journal.ts";
import { openMachine } from "./journal.ts";
import type { Ledger } from "./ledger.ts";
import type { PolicyEvent, PolicyState, Trigger } from "./policy.ts";
import { decide, policyStart, policyStep } from "./policy.ts";
import { parsePolicyEvent } from "./policy-events.ts";

/** What the policy office needs beside the ports. */
export type PolicyOfficeOptions = {
  readonly ports: CoordinatorPorts;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly campaigns: CampaignOffice;
  readonly notify: (notice: Omit<CoordinatorNotice, "atUs">) => void;
};

/** Watches devices' events and starts campaigns by policy. */
export type PolicyOffice = {
  /**
   * Takes an event; resolves once it is on disk. An event that arrives twice counts once.
   *
   * @throws `SENSOR_TIME_AHEAD` for one of a clock gone wrong; long past times are right, as when a recording is played.
   */
  take(event: DeviceEvent): Promise<void>;
  /** Starts a campaign over an explicit range. @throws `CAMPAIGN_RUNNING`, `SENSOR_TIME_AHEAD` */
  request(trigger: Trigger, changes?: Partial<CampaignSpec>): Promise<string>;
  state(): PolicyState;
  /** Acts on what was decided before a restart. */
  resume(): Promise<void>;
};

/** Opens the policy office: folds its journal. */
export async function openPolicyOffice(options: PolicyOfficeOptions): Promise<PolicyOffice> {
  const { ports, journal, ledger, campaigns, notify } = options;
  const { settings, clock } = ports;
  const policy = settings.policy ?? { ...never, cohortMin: settings.campaign.rules.cohortMin };
  const stream = "policy";
  const machine = await openMachine<PolicyState, PolicyEvent>(journal, stream, {
    start: policyStart,
    parse: parsePolicyEvent,
    step: (state, event) => ({ state: policyStep(policy, state, event) }),
    changed: () => undefined,
  });
  const propose = async (trigger: Trigger, changes?: Partial<CampaignSpec>): Promise<string> => {
    const campaign = await campaigns.propose(specOf(settings, trigger, changes));
    await machine.apply({ kind: "campaign", endUs: trigger.endUs });
    return campaign;
  };
  const act = async (): Promise<void> => {
    const decision = decide(policy, machine.state());
    if (decision.kind !== "start") return;
    const running = campaigns.running(settings.line);
    // Proposed just before a kill: what is left to do is to remember it.
    if (running?.data.endUs === decision.trigger.endUs) {
      await machine.apply({ kind: "campaign", endUs: decision.trigger.endUs });
    } else if (running === undefined) {
      await propose(decision.trigger).catch((error: unknown) => {
        if (!hasCode(error, "CAMPAIGN_RUNNING")) throw error;
      });
    }
  };
  return {
    async take(event) {
      checkTime(event.sensorUs, clock.nowUs());
      const before = decide(policy, machine.state()).kind;
      await machine.apply({ kind: "device", event });
      const isNew = await ledger.addEvent(event, clock.nowUs());
      const decision = decide(policy, machine.state());
      if (isNew && event.code !== "DATA_ADVANCED") {
        const { device, code, sensorUs, counters } = event;
        notify({ stream: `device/${device}`, kind: code, details: { sensorUs, counters } });
      }
      if (decision.kind !== before) {
        notify({ stream, kind: decision.kind, details: { ...decision } });
      }
      await act();
    },
    async request(trigger, changes) {
      checkTime(trigger.endUs, clock.nowUs());
      return await propose(trigger, changes);
    },
    state: () => machine.state(),
    resume: act,
  };
}

/** So far may a sensor's time be ahead of the coordinator's clock: time zones that were mixed up, and no more. */
const sensorAheadUsMax = 86_400e6;

function checkTime(sensorUs: number, nowUs: number): void {
  if (sensorUs <= nowUs + sensorAheadUsMax) return;
  throw new EdgeloopError(
    "SENSOR_TIME_AHEAD",
    "the sensor time is more than a day ahead of the coordinator's clock: check the device's",
    { details: { sensorUs, nowUs } },
  );
}

const never = { retrain: {}, coolDownS: 0, range: { beforeS: 0, afterS: 0 } };

/** Puts a campaign together from defaults, trigger and an operator's changes. Pure. */
export function specOf(
  settings: CoordinatorSettings,
  { reason, startUs, endUs }: Trigger,
  changes: Partial<CampaignSpec> = {},
): Omit<CampaignSpec, "campaign"> {
  const { holdoutEvery, holdoutBlockUs, ...defaults } = settings.campaign;
  return {
    ...defaults,
    line: settings.line,
    reason,
    approve: settings.approve,
    data: { startUs, endUs, holdoutEvery, holdoutBlockUs },
    ...changes,
  };
}
