import type { Name } from "@edgeloop/core/platform";
import { campaignDetails } from "./campaign-office.ts";
import type { Coordinator } from "./coordinator.ts";
import { rolloutDetails } from "./rollout-office.ts";
import { roundDetails } from "./round-office.ts";

/** What `fleet status` and live pages show, ready for JSON. Class names in it are untrusted text. */
export type CoordinatorStatus = {
  readonly format: 1;
  readonly devices: readonly {
    readonly device: Name;
    readonly online: boolean;
    readonly enrolledUs: number;
    readonly revoked?: { readonly atUs: number; readonly reason: string };
    /** High-water mark in sensor time. */
    readonly sensorUs?: number;
  }[];
  readonly campaigns: readonly StatusEntry[];
  readonly rounds: readonly StatusEntry[];
  readonly rollouts: readonly StatusEntry[];
};

/** One campaign, round or rollout. */
export type StatusEntry = {
  readonly name: string;
  readonly kind: string;
  readonly details: Readonly<Record<string, unknown>>;
};

/** Reads the coordinator's status. */
export async function statusOf(
  coordinator: Coordinator,
  online: readonly Name[],
): Promise<CoordinatorStatus> {
  const tracks = coordinator.policy.state().devices;
  const devices = await coordinator.ledger.devices();
  return {
    format: 1,
    devices: devices.map(({ device, enrolledUs, revoked }) => {
      const sensorUs = tracks.get(device)?.sensorUs;
      return {
        device,
        online: online.includes(device),
        enrolledUs,
        ...(revoked ? { revoked } : {}),
        ...(sensorUs === undefined ? {} : { sensorUs }),
      };
    }),
    campaigns: [...coordinator.campaigns.all()].map(([name, state]) => ({
      name,
      kind: state.kind,
      details: campaignDetails(state),
    })),
    rounds: coordinator.rounds.all().map(({ record, machine }) => {
      const { round, campaign, number, attempt } = record;
      const state = machine.state();
      return {
        name: round,
        kind: state.kind,
        details: { campaign, number, attempt, ...roundDetails(state) },
      };
    }),
    rollouts: [...coordinator.rollouts.all()].map(([name, state]) => ({
      name,
      kind: state.kind,
      details: rolloutDetails(state),
    })),
  };
}
