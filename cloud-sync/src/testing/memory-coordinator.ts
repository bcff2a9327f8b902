import { encodeSafetensors, f32 } from "@edgeloop/core/graph";
import type { BlobStore, Name, Sha256, Store, VirtualClock } from "@edgeloop/core/platform";
import { parseName, parseSha256, silentLog, utf8, virtualClock } from "@edgeloop/core/platform";
import { memoryBlobStore, memoryStore } from "@edgeloop/core/testing";
import type { CampaignRelease } from "../campaign-events.ts";
import type { Coordinator } from "../coordinator.ts";
import { openCoordinator } from "../coordinator.ts";
import type { CoordinatorPorts, CoordinatorSettings } from "../coordinator-ports.ts";
import { signEnvelope } from "../dsse.ts";
import type { Bell } from "../fleet-messages.ts";
import type { SigningKey } from "../keys.ts";
import { generateKey } from "../keys.ts";
import type { Caller } from "../round-intake.ts";
import type { RoundModels } from "../round-models.ts";

/** A coordinator in memory: no servers, a virtual clock, and models made of paper. */
export type MemoryCoordinator = {
  readonly coordinator: Coordinator;
  readonly ports: CoordinatorPorts;
  readonly clock: VirtualClock;
  readonly rung: readonly (Bell & { readonly device: Name })[];
  /** Enrols a device. */
  enrol(name: string): Promise<MemoryDevice>;
  /** Reports an event as a device would. */
  says(device: MemoryDevice, event: DeviceSays): Promise<void>;
  /** Does, as these devices, whatever the coordinator asks for in rounds, until nothing is asked. */
  obey(devices: readonly MemoryDevice[]): Promise<void>;
  /** Opens another one over the same store, as after a kill. */
  again(code?: string): Promise<MemoryCoordinator>;
};

/** A device in memory. */
export type MemoryDevice = Caller & { readonly key: SigningKey };

/** What a device reports. */
export type DeviceSays = {
  readonly code: string;
  readonly sequence: number;
  readonly sensorUs: number;
  readonly labels?: number;
};

/** Settings of a memory coordinator, for a line `toys` of a fleet `plant`. */
export const memorySettings: CoordinatorSettings = {
  fleet: parseName("plant"),
  line: parseName("toys"),
  policy: {
    retrain: { drift: { devicesMin: 2 } },
    coolDownS: 60,
    range: { beforeS: 1, afterS: 10 },
    cohortMin: 2,
  },
  approve: "automatic",
  campaign: {
    training: {
      seed: 1,
      order: "shuffled",
      epochs: 1,
      batchSize: 1,
      learningRate: 1,
      backend: "wasm",
      threads: 1,
    },
    limits: {
      valueMax: 4,
      weightMax: 10,
      cohortMax: 4,
      examplesMax: 10,
      payloadBytesMax: 1024,
    },
    rounds: 2,
    release: "last",
    rules: {
      cohortMin: 2,
      cohortMax: 4,
      selectingMs: 1000,
      trainingMs: 1000,
      calibratingMs: 1000,
      evaluatingMs: 1000,
    },
    bar: {},
    holdoutEvery: 0,
    holdoutBlockUs: 1,
  },
  rollout: { canaries: 1, stages: [1], failuresMax: 0, stageMs: 1000 },
  tickMs: 100,
  aggregateRestMs: 0,
};

/** Models of one tensor `w` `[2]`; a release is a number. */
export function paperModels(blobs: BlobStore): RoundModels {
  const releases: CampaignRelease[] = [
    { version: 1, target: "releases/toys/1.json", manifestSha256: hashOf("1") },
  ];
  const paper = async (text: string) => ({
    graph: await blobs.put(utf8(text)),
    tensors: await blobs.put(utf8(`${text} tensors`)),
  });
  return {
    async blueprint() {
      return {
        parent: releases.at(-1)?.manifestSha256 ?? hashOf("0"),
        base: await blobs.put(encodeSafetensors(new Map([["w", f32([1, 2])]]))),
        classes: ["a", "b"],
        step: {
          graph: await blobs.put(utf8("step")),
          carry: [{ output: "w.next", input: "w", dtype: "float32", shape: [2] }],
          window: "window",
          target: "target",
          learningRate: "learningRate",
          loss: "loss",
        },
        observed: [],
        float: await blobs.put(utf8("float")),
        parentInt8: await paper("parent"),
        window: "window",
        scores: "scores",
      };
    },
    observe: (_blueprint, { sha256 }) => paper(`observe ${sha256}`),
    quantize: (_blueprint, { sha256 }) => paper(`int8 ${sha256}`),
    publish() {
      const version = (releases.at(-1)?.version ?? 0) + 1;
      const target = `rounds/toys/${version}.json`;
      const release = { version, target, manifestSha256: hashOf(String(version)) };
      releases.push(release);
      return Promise.resolve(release);
    },
    releases: () => Promise.resolve(releases),
  };
}

const hashOf = (digit: string): Sha256 => parseSha256(digit.repeat(64).slice(0, 64));

/** What a memory coordinator starts with. */
export type MemoryCoordinatorOptions = {
  readonly settings?: CoordinatorSettings;
  readonly models?: (blobs: BlobStore) => RoundModels;
  readonly store?: Store;
  readonly signal?: AbortSignal;
};

/** Opens a coordinator in memory. */
export async function memoryCoordinator(
  options: MemoryCoordinatorOptions = {},
): Promise<MemoryCoordinator> {
  const blobs = memoryBlobStore();
  const models = (options.models ?? paperModels)(blobs);
  return await open(options, {
    store: options.store ?? memoryStore(),
    blobs,
    updates: memoryBlobStore(),
    key: await generateKey(),
    models,
    clock: virtualClock(1_000_000),
    code: "1.0.0",
  });
}

type Kept = Pick<CoordinatorPorts, "blobs" | "updates" | "key" | "models" | "code"> & {
  readonly store: Store;
  readonly clock: VirtualClock;
};

async function open(options: MemoryCoordinatorOptions, kept: Kept): Promise<MemoryCoordinator> {
  const rung: (Bell & { readonly device: Name })[] = [];
  const ports: CoordinatorPorts = {
    ...kept,
    settings: options.settings ?? memorySettings,
    log: silentLog,
    ring: (device, bell) => rung.push({ device, ...bell }),
  };
  const signal = options.signal ?? new AbortController().signal;
  const coordinator = await openCoordinator(ports, signal);
  const { clock } = kept;
  const settled = async (): Promise<void> => {
    await coordinator.idle();
    await clock.advance(0);
  };
  return {
    coordinator,
    ports,
    clock,
    rung,
    async enrol(name) {
      const [device, key] = [parseName(name), await generateKey()];
      await coordinator.enrolled(device, key);
      return { device, key };
    },
    async says(caller, { code, sequence, sensorUs, labels }) {
      const event = {
        format: 1,
        fleet: ports.settings.fleet,
        device: caller.device,
        sequence,
        code,
        sensorUs,
        counters: labels === undefined ? {} : { labels },
      };
      await coordinator.takeEvent(caller, await signEnvelope("event", event, caller.key));
      await settled();
    },
    async obey(devices) {
      for (;;) {
        await settled();
        const asked = devices.flatMap((caller) =>
          coordinator.rounds.workOf(caller.device).map((bell) => ({ caller, bell })),
        );
        if (asked.length === 0) return;
        for (const { caller, bell } of asked) await obeyOne(coordinator, caller, bell);
      }
    },
    again: (code) => open(options, { ...kept, code: code ?? kept.code }),
  };
}

/** Replies as a device whose update is 0.5 everywhere and whose candidate is always right. */
async function obeyOne(
  { intake, rounds }: Coordinator,
  caller: MemoryDevice,
  { kind, id }: Bell,
): Promise<void> {
  const record = rounds.round(id)?.record;
  if (record === undefined) throw new Error(`no round ${id}`);
  const { plan, planHash, attempt } = record;
  const { device, key } = caller;
  const header = { format: 1, fleet: plan.fleet, round: id, attempt, plan: planHash, device };
  const payload = encodeSafetensors(new Map([["w", f32([0.5, 0.5])]]));
  const ref = await memoryBlobStore().put(payload);
  const confusion = { model: "candidate", slice: device, counts: [4, 0, 0, 4] };
  switch (kind) {
    case "offer": {
      const answer = { kind: "ready", examples: 8 };
      return await intake.answer(
        caller,
        id,
        await signEnvelope("answer", { ...header, answer }, key),
      );
    }
    case "train": {
      const update = { ...header, base: plan.base.sha256, payload: { ...ref }, examples: 8 };
      await intake.announce(caller, id, await signEnvelope("update", update, key));
      return await intake.deliver(await intake.expect(caller, ref.sha256), oneChunk(payload));
    }
    case "calibrate": {
      const result = { windows: 8, histograms: {} };
      const envelope = await signEnvelope("calibration", { ...header, result }, key);
      return await intake.calibration(caller, id, envelope);
    }
    case "evaluate": {
      const result = { windows: 8, confusions: [confusion] };
      const envelope = await signEnvelope("evaluation", { ...header, result }, key);
      return await intake.evaluation(caller, id, envelope);
    }
    default:
      return undefined;
  }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
