import type { Name } from "@edgeloop/core/platform";
import type { Augment } from "@edgeloop/core/training";
import { z } from "zod";
import { parseYaml } from "./config-yaml.ts";
import type { CoordinatorSettings } from "./coordinator-ports.ts";
import type { LineModelSettings } from "./line-models.ts";
import type { LoopConfig } from "./loop-config.ts";
import { loopDefaults, loopSchema } from "./loop-config.ts";
import { planSchemas } from "./plan.ts";
import { wire } from "./wire-schema.ts";

/** An address to listen on; port 0 takes a free one. */
export type ListenConfig = { readonly host: string; readonly port: number };

/** `coordinator.yaml`. Relative paths are relative to the file. */
export type CoordinatorConfig = {
  readonly format: 1;
  readonly fleet: Name;
  readonly line: Name;
  /** Directory of ledger, blobs and updates. */
  readonly data: string;
  /** Directory of the update repository. */
  readonly registry: string;
  /** Packages that the offline key signed (`edgeloop release`), published when the coordinator starts. */
  readonly releases: readonly string[];
  /** File of the online key. */
  readonly key: string;
  readonly http: ListenConfig;
  readonly mqtt: ListenConfig;
  /** Operator's routes, metrics and health: loopback only. */
  readonly admin: { readonly port: number; readonly tokenFile: string };
  /** Address that enrolment tokens name, when it is not that of `http`. */
  readonly publicUrl?: string;
  /** Certificate chain and key, PEM files; plain text is for loopback only. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** An `edgeloop.yaml` whose `loop` is the policy; `readCoordinatorConfig` reads it, and leaves its `loop` here. */
  readonly problem?: string;
  readonly loop: LoopConfig;
  readonly training: TrainingConfig;
  readonly limits: {
    readonly valueMax: number;
    readonly cohortMax: number;
    readonly examplesMax: number;
    readonly payloadBytesMax: number;
  };
  readonly deadlines: {
    readonly selectingS: number;
    readonly trainingS: number;
    readonly calibratingS: number;
    readonly evaluatingS: number;
  };
  readonly rollout: {
    readonly canaries: number;
    readonly stages: readonly number[];
    readonly failuresMax: number;
    readonly stageS: number;
  };
  readonly tickMs: number;
  readonly aggregateRestMs: number;
};

/** How devices train. */
export type TrainingConfig = {
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Share of the learning rate in a campaign's last round; half a cosine leads there. */
  readonly learningRateFloor: number;
  /** Share of the step before that each round adds to the mean of the updates. */
  readonly serverMomentum: number;
  /** Light augmentation of the windows that devices train on. */
  readonly augment?: Augment;
  readonly backend: "native" | "wasm";
  readonly threads: number;
  readonly optimizer: LineModelSettings["optimizer"];
  readonly labelSmoothing: number;
  readonly quantizeAfter: readonly string[];
  readonly ranges: "minmax" | "percentile";
  /** One block of time in so many is kept for evaluation. */
  readonly holdoutEvery: number;
  readonly holdoutBlockS: number;
};

const text = z.string().min(1).max(4096);
const port = z.int().min(0).max(65_535);
const seconds = z.number().positive().max(1e9);
const count = z.int().min(1).max(1_000_000);
const fraction = z.number().min(0).max(1);
const listen = z.strictObject({ host: text.default("127.0.0.1"), port });
const decay = z.number().min(0).max(1).default(0);

const trainingSchema = z.strictObject({
  seed: wire.count.default(1),
  epochs: count.default(3),
  batchSize: count.default(32),
  learningRate: z.number().positive().max(1000).default(0.005),
  learningRateFloor: z.number().gt(0).max(1).default(1),
  serverMomentum: planSchemas.momentumFactor.default(0),
  augment: planSchemas.augment.exactOptional(),
  backend: z.enum(["native", "wasm"]).default("wasm"),
  threads: z.int().min(1).max(64).default(1),
  optimizer: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("sgd"), momentum: fraction.default(0), weightDecay: decay }),
      z.strictObject({ kind: z.literal("adamw"), weightDecay: decay }),
    ])
    .prefault({ kind: "adamw" }),
  labelSmoothing: z.number().min(0).max(0.99).default(0),
  quantizeAfter: z.array(text).max(64).default([]),
  ranges: z.enum(["minmax", "percentile"]).default("percentile"),
  holdoutEvery: z.int().min(0).max(1000).default(5),
  holdoutBlockS: seconds.default(5),
}) satisfies z.ZodType<TrainingConfig>;

const schema = z.strictObject({
  format: z.literal(1),
  fleet: wire.name,
  line: wire.name,
  data: text,
  registry: text,
  releases: z.array(text).max(1000).default([]),
  key: text,
  http: listen,
  mqtt: listen,
  admin: z.strictObject({ port, tokenFile: text }),
  publicUrl: z.url().exactOptional(),
  tls: z.strictObject({ certificate: text, key: text }).exactOptional(),
  problem: text.exactOptional(),
  loop: loopSchema.exactOptional(),
  training: trainingSchema.prefault({}),
  limits: z
    .strictObject({
      valueMax: z.number().positive().max(1e6).default(16),
      cohortMax: count.default(64),
      examplesMax: count.default(100_000),
      payloadBytesMax: z
        .int()
        .min(1024)
        .max(1024 ** 3)
        .default(16 * 1024 ** 2),
    })
    .prefault({}),
  deadlines: z
    .strictObject({
      selectingS: seconds.default(60),
      trainingS: seconds.default(600),
      calibratingS: seconds.default(120),
      evaluatingS: seconds.default(120),
    })
    .prefault({}),
  rollout: z
    .strictObject({
      canaries: count.default(1),
      stages: z.array(z.number().positive().max(1)).min(1).max(16).default([0.25, 1]),
      failuresMax: z.int().min(0).max(1_000_000).default(0),
      stageS: seconds.default(300),
    })
    .prefault({}),
  tickMs: z.int().min(10).max(60_000).default(250),
  aggregateRestMs: z.int().min(0).max(60_000).default(0),
}) satisfies z.ZodType<Omit<CoordinatorConfig, "loop"> & { readonly loop?: LoopConfig }>;

/**
 * Reads `coordinator.yaml`; what is left out has defaults.
 *
 * The policy stands in one place: here, or in the problem file that is named here.
 *
 * @param file Named in errors.
 * @throws `CONFIG_INVALID` naming file, line and field, and what was expected.
 */
export function parseCoordinatorConfig(yaml: string, file: string): CoordinatorConfig {
  const { data, refuse } = parseYaml(yaml, { file, schema });
  if (data.loop !== undefined && data.problem !== undefined) {
    throw refuse(
      ["loop"],
      `no loop beside problem: ${data.problem} says it; leave one of them out`,
    );
  }
  return { ...data, loop: data.loop ?? loopDefaults };
}

/** Gives the JSON Schema of `coordinator.yaml`, for editors. */
export const coordinatorConfigJsonSchema = (): object =>
  z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });

/** Turns the file into what the coordinator is told. */
export function settingsOf(config: CoordinatorConfig): CoordinatorSettings {
  const { loop, training, limits, deadlines, rollout } = config;
  const ms = (s: number): number => Math.max(1, Math.round(s * 1000));
  const { retrain, coolDownS, range, cohortMin } = loop;
  const { optimizer: _, labelSmoothing: _s, quantizeAfter: _q, ranges: _r, ...plan } = training;
  const { holdoutEvery, holdoutBlockS, learningRateFloor, serverMomentum, ...steps } = plan;
  return {
    fleet: config.fleet,
    line: config.line,
    policy: { retrain, coolDownS, range, cohortMin },
    approve: loop.approve,
    campaign: {
      training: { ...steps, order: "shuffled" },
      learningRateFloor,
      serverMomentum,
      limits: { ...limits, weightMax: limits.examplesMax },
      rounds: loop.rounds,
      release: loop.release,
      rules: {
        cohortMin,
        cohortMax: limits.cohortMax,
        selectingMs: ms(deadlines.selectingS),
        trainingMs: ms(deadlines.trainingS),
        calibratingMs: ms(deadlines.calibratingS),
        evaluatingMs: ms(deadlines.evaluatingS),
      },
      bar: loop.bar,
      holdoutEvery,
      holdoutBlockUs: Math.max(1, Math.round(holdoutBlockS * 1e6)),
    },
    rollout: {
      canaries: rollout.canaries,
      stages: rollout.stages,
      failuresMax: rollout.failuresMax,
      stageMs: ms(rollout.stageS),
    },
    tickMs: config.tickMs,
    aggregateRestMs: config.aggregateRestMs,
  };
}

/** Turns the file into how models are learned and quantized. */
export const lineModelSettingsOf = ({ training }: CoordinatorConfig): LineModelSettings => ({
  optimizer: training.optimizer,
  labelSmoothing: training.labelSmoothing,
  quantizeAfter: training.quantizeAfter,
});
