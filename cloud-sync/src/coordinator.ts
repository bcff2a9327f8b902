import type { Json, Log, Name } from "@edgeloop/core/platform";
import { codeOf, EdgeloopError, hasCode, messageOf } from "@edgeloop/core/platform";
import type { CampaignOffice } from "./campaign-office.ts";
import { openCampaignOffice } from "./campaign-office.ts";
import type { CoordinatorNotice, CoordinatorPorts } from "./coordinator-ports.ts";
import { openEnvelope, parseObject, signEnvelope } from "./dsse.ts";
import type { Bell, RolloutReport } from "./fleet-messages.ts";
import { parseDeviceEvent, parseRolloutReport } from "./fleet-messages.ts";
import { jobRunner } from "./jobs.ts";
import { openJournal } from "./journal.ts";
import type { VerifyKey } from "./keys.ts";
import type { Ledger } from "./ledger.ts";
import { openLedger } from "./ledger.ts";
import type { PolicyOffice } from "./policy-office.ts";
import { openPolicyOffice } from "./policy-office.ts";
import type { RolloutOffice } from "./rollout-office.ts";
import { openRolloutOffice } from "./rollout-office.ts";
import type { RoundDocuments } from "./round-documents.ts";
import { roundDocuments } from "./round-documents.ts";
import type { Caller, RoundIntake } from "./round-intake.ts";
import { openRoundIntake } from "./round-intake.ts";
import type { RoundOffice } from "./round-office.ts";
import { openRoundOffice } from "./round-office.ts";
import { openRoundRecords } from "./round-records.ts";

/** The coordinator without its servers: everything that it decides and remembers. */
export type Coordinator = {
  readonly ledger: Ledger;
  readonly campaigns: CampaignOffice;
  readonly rounds: RoundOffice;
  readonly documents: RoundDocuments;
  readonly intake: RoundIntake;
  readonly rollouts: RolloutOffice;
  readonly policy: PolicyOffice;
  /** Lists all that waits for a device. */
  workOf(device: Name): readonly Bell[];
  /** Adds a device to the fleet. @throws `DEVICE_NAME_TAKEN`, `DEVICE_KEY_TAKEN`, `DEVICE_REVOKED` */
  enrolled(device: Name, key: VerifyKey): Promise<void>;
  /** Ends a campaign without a release, and its round. @throws `CAMPAIGN_UNKNOWN`, `CAMPAIGN_OVER` */
  abort(campaign: Name): Promise<void>;
  /** Revokes a device for good. @throws `DEVICE_UNKNOWN` */
  revoke(device: Name, reason: string): Promise<void>;
  /** Takes an event's envelope as it came over the broker. */
  takeEvent(caller: Caller, envelope: Uint8Array): Promise<void>;
  rolloutOrder(device: Name, rollout: Name): Promise<Uint8Array>;
  takeRolloutReport(caller: Caller, rollout: Name, envelope: Uint8Array): Promise<void>;
  /** Watches what moves, until the returned function is called. */
  watch(listener: (notice: CoordinatorNotice) => void): () => void;
  /**
   * Takes up what was going on before a restart, then looks at deadlines until `signal` aborts. What fails, as when the
   * disk is full, is tried at the next tick.
   *
   * @throws `STORE_FAILED` when the store is gone for good.
   */
  run(): Promise<void>;
  /** Resolves once no job runs. */
  idle(): Promise<void>;
};

/** Opens the coordinator: folds its journal. Nothing happens before `run`. */
export async function openCoordinator(
  ports: CoordinatorPorts,
  signal: AbortSignal,
): Promise<Coordinator> {
  const { store, clock, settings } = ports;
  const ledger = await openLedger(store);
  const journal = openJournal(store, ports.code);
  const records = openRoundRecords(store);
  const jobs = jobRunner(ports, signal);
  const listeners = new Set<(notice: CoordinatorNotice) => void>();
  const notify = (notice: Omit<CoordinatorNotice, "atUs">): void => {
    ports.log.info(`${notice.stream} ${notice.kind}`);
    for (const listener of listeners) listener({ ...notice, atUs: clock.nowUs() });
  };
  const base = { ports, journal, jobs, notify };

  const campaigns = await openCampaignOffice({
    ...base,
    startRound: async (record) => await rounds.start(record, await active(ledger)),
    released: async (release, spec) => {
      await rollouts.start(release, spec.campaign);
    },
  });
  const { blueprintOf } = campaigns;
  const ended = campaigns.roundEnded;
  const rounds = await openRoundOffice({ ...base, records, ended, blueprintOf, signal });
  const rollouts = await openRolloutOffice({ ...base, ledger });
  const policy = await openPolicyOffice({ ...base, ledger, campaigns });

  return {
    ledger,
    campaigns,
    rounds,
    rollouts,
    policy,
    documents: roundDocuments({ ports, rounds, blueprintOf }),
    intake: openRoundIntake({ ports, rounds, records, blueprintOf }),
    workOf: (device) => [...rounds.workOf(device), ...rollouts.workOf(device)],
    async enrolled(device, key) {
      await ledger.addDevice(device, key, clock.nowUs());
      await rollouts.joined(device);
    },
    // The campaign first: told of its round's end, it would begin the round anew.
    async abort(campaign) {
      await campaigns.abort(campaign);
      await rounds.abort(campaign);
    },
    async revoke(device, reason) {
      if (!(await ledger.revoke(device, reason, clock.nowUs()))) throw unknownDevice(device);
      await rollouts.left(device);
      notify({ stream: `device/${device}`, kind: "REVOKED", details: { reason } });
    },
    async takeEvent(caller, envelope) {
      const { payload } = await openEnvelope(envelope, "event", [caller.key]);
      const event = parseDeviceEvent(parseObject(payload));
      checkOwner(event, { device: caller.device, fleet: settings.fleet });
      await policy.take(event);
    },
    rolloutOrder: async (device, rollout) =>
      await signEnvelope("rollout", rollouts.orderFor(rollout, device) as Json, ports.key),
    async takeRolloutReport(caller, rollout, envelope) {
      const report = await openReport(caller, envelope);
      checkOwner(report, { device: caller.device, fleet: settings.fleet, rollout });
      await rollouts.reported(report);
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async run() {
      for (const release of await ports.models.releases(settings.line)) {
        await rollouts.start(release);
      }
      campaigns.resume();
      await rounds.resume();
      await policy.resume();
      const ticking = patience(ports.log);
      while (!signal.aborted) {
        await ticking(async () => {
          campaigns.resume();
          await rounds.tick();
          await rollouts.tick();
        });
        await clock.sleep(settings.tickMs, signal).catch(() => undefined);
      }
      await jobs.idle();
    },
    idle: () => jobs.idle(),
  };
}

/** A store that fails so often in a row is gone for good: whoever supervises the process starts it again. */
const storeFailuresMax = 60;

function patience(log: Log): (tick: () => Promise<void>) => Promise<void> {
  let failures = 0;
  return async (tick) => {
    try {
      await tick();
      failures = 0;
    } catch (error) {
      log.error("tick failed", { code: codeOf(error), message: messageOf(error) });
      failures = hasCode(error, "STORE_FAILED") ? failures + 1 : 0;
      if (failures >= storeFailuresMax) throw error;
    }
  };
}

const active = async (ledger: Ledger): Promise<readonly Name[]> =>
  (await ledger.devices()).flatMap(({ device, revoked }) => (revoked ? [] : [device]));

async function openReport(caller: Caller, envelope: Uint8Array): Promise<RolloutReport> {
  const { payload } = await openEnvelope(envelope, "rollout-report", [caller.key]);
  return parseRolloutReport(parseObject(payload));
}

/** A signed message must be of the fleet, device and rollout that it came in for. */
function checkOwner<Expected extends object>(
  message: Expected,
  expected: { readonly [Field in keyof Expected]?: Expected[Field] },
): void {
  for (const [field, value] of Object.entries(expected)) {
    const received = Object.entries(message).find(([name]) => name === field)?.[1];
    if (received !== value) {
      throw new EdgeloopError(
        `${field.toUpperCase()}_MISMATCH`,
        `the message is of another ${field}`,
        { details: { expected: value, received } },
      );
    }
  }
}

const unknownDevice = (device: Name): EdgeloopError =>
  new EdgeloopError("DEVICE_UNKNOWN", "no such device is enrolled", { details: { device } });
