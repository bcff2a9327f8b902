import type { BlobStore, Clock, Log, Name, Store } from "@edgeloop/core/platform";
import type { CampaignSpec } from "./campaign-events.ts";
import type { Bell } from "./fleet-messages.ts";
import type { SigningKey } from "./keys.ts";
import type { LoopPolicy } from "./policy.ts";
import type { RolloutRules } from "./rollout-events.ts";
import type { RoundModels } from "./round-models.ts";

/** How campaigns are run when nothing else is said. */
export type CampaignDefaults = Omit<
  CampaignSpec,
  "campaign" | "line" | "reason" | "data" | "approve"
> & {
  readonly holdoutEvery: number;
  readonly holdoutBlockUs: number;
};

/** What the coordinator is told to do. */
export type CoordinatorSettings = {
  readonly fleet: Name;
  readonly line: Name;
  /** Absent: campaigns are started by an operator only. */
  readonly policy?: LoopPolicy;
  readonly approve: "automatic" | "operator";
  readonly campaign: CampaignDefaults;
  readonly rollout: Omit<RolloutRules, "seed">;
  /** How often deadlines are looked at. */
  readonly tickMs: number;
  /** Rests between two updates while it aggregates, so that a busy coordinator still answers. */
  readonly aggregateRestMs: number;
};

/** What the coordinator works with. */
export type CoordinatorPorts = {
  readonly settings: CoordinatorSettings;
  readonly store: Store;
  /** Graphs and parameters: devices may fetch these. */
  readonly blobs: BlobStore;
  /** Updates and reports of devices: nobody may fetch these. */
  readonly updates: BlobStore;
  /** Signs offers, plans, tasks and rollouts. */
  readonly key: SigningKey;
  readonly models: RoundModels;
  readonly clock: Clock;
  readonly log: Log;
  /** Version of this code; a round in flight across a change is abandoned. */
  readonly code: string;
  readonly ring: (device: Name, bell: Bell) => void;
};

/** Something that moved, for live pages and metrics. */
export type CoordinatorNotice = {
  readonly atUs: number;
  /** The journal's stream, `round/<name>/<attempt>` for instance. */
  readonly stream: string;
  readonly kind: string;
  readonly details: Readonly<Record<string, unknown>>;
};
