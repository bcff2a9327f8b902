import { join } from "node:path";
import type { Installer, Participant } from "@edgeloop/cloud-sync";
import { createBackendChoice } from "../backend-choice.ts";
import { servesSensor } from "../classifier.ts";
import type { GatewayConfig } from "../config.ts";
import { sensorInfo } from "../config.ts";
import type { Health } from "../health.ts";
import { statusOf } from "../health.ts";
import { createInstaller } from "../installer.ts";
import { labelIntake } from "../label-intake.ts";
import { createLearner } from "../learner.ts";
import type { LabelInlet, LocalBroker } from "../local-broker.ts";
import type { Learner } from "../participant.ts";
import { createParticipant } from "../participant.ts";
import type { Performance } from "../performance.ts";
import { watchPerformance } from "../performance.ts";
import type { Publisher } from "../publisher.ts";
import { createPublisher } from "../publisher.ts";
import { runSensor } from "../sensor-loop.ts";
import type { SupervisedSensor } from "../sensor-supervisor.ts";
import { superviseSensor } from "../sensor-supervisor.ts";
import type { Serving } from "../serving.ts";
import { createServing } from "../serving.ts";
import type { SlotKeeper } from "../slot-keeper.ts";
import { openSlotKeeper } from "../slot-keeper.ts";
import type { AdapterOpeners } from "./adapters.ts";
import { openAdapter } from "./adapters.ts";
import type { DriftWatch } from "./drift-thread.ts";
import { openDriftThread } from "./drift-thread.ts";
import { openEmbeddedBroker } from "./embedded-broker.ts";
import { openExternalBroker } from "./external-broker.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import { prepareLearners, startLearnerProcess } from "./learner-process.ts";
import type { ModelOpener } from "./open-model.ts";
import { modelOpener } from "./open-model.ts";
import { slotFile } from "./slot-file.ts";

/** A gateway's parts together with what serves its models. */
export type Core = GatewayParts & {
  readonly config: GatewayConfig;
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly models: ModelOpener;
  readonly slots: SlotKeeper;
  readonly serving: Serving;
  readonly learner: Learner;
  readonly performance: Performance;
  readonly drift: DriftWatch;
};

/** The sensors' loops, and where their predictions go. */
export type Sensors = {
  readonly running: readonly SupervisedSensor[];
  readonly publisher: Publisher;
};

/** Adds slots and serving to the parts. */
export async function openServing(
  parts: GatewayParts & Pick<Core, "config" | "directory" | "signal">,
): Promise<Core> {
  const { config, directory, blobs, signal, log } = parts;
  await prepareLearners(config.learner);
  const models = modelOpener({ blobs, ...config.inference, directory });
  const slots = await openSlotKeeper(slotFile(join(directory, "slots.json")), log);
  const learner = createLearner({
    ...parts,
    start: () => startLearnerProcess({ ...config.learner, log }),
  });
  const serving: Serving = createServing({
    ...parts,
    slots,
    open: (identity) => models.open(identity),
    onChange(classifier) {
      if (classifier !== undefined && config.inference.backend === "auto") {
        void choice.consider(classifier);
      }
    },
  });
  const choice = createBackendChoice({
    blobs,
    learner,
    threads: config.inference.threads,
    directory,
    open: ({ identity }, chosen) => models.open(identity, chosen),
    serving,
    signal,
    log,
  });
  const performance = watchPerformance({
    ...parts,
    objective: config.objective,
    model: () => serving.current()?.identity,
  });
  const drift = await openDriftThread(parts);
  return { ...parts, models, slots, serving, learner, performance, drift };
}

/** Opens the gateway's own broker, or the one beside it. */
export function openBroker(core: Core): Promise<LocalBroker> {
  const { config, learning, disk, quarantine, meter, clock, progress, topics, log } = core;
  const { performance } = core;
  const labels: LabelInlet = {
    topic: topics.labels,
    take: labelIntake({
      sensors: new Set(config.sensors.map(({ sensor }) => sensor)),
      learning,
      disk,
      quarantine,
      meter,
      clock,
      onStored(message) {
        if (message.kind === "label") progress.labelled();
        else progress.completed();
        performance.labelled(message);
      },
    }),
  };
  if ("url" in config.broker) {
    return openExternalBroker({ url: config.broker.url, clientId: config.id, labels, clock, log });
  }
  const awaited = config.sensors.flatMap((sensor) =>
    sensor.kind === "mqtt" && sensor.url === undefined ? [sensor.topic] : [],
  );
  const onDropped = (count: number): void => meter.add("sessionDropped", [], count);
  return openEmbeddedBroker({ ...config.broker.embedded, labels, awaited, onDropped, log });
}

/** Opens the installation of releases. */
export function openInstaller(core: Core): Installer {
  const { config, models } = core;
  return createInstaller({
    ...core,
    line: config.line,
    serves: (manifest) =>
      config.sensors.some((sensor) => servesSensor(manifest, sensorInfo(sensor))),
    open: (identity) => models.open(identity),
  });
}

/** Opens taking part in rounds, with the learner as a process of its own. */
export function openParticipant(core: Core): Participant {
  const { config, models } = core;
  return createParticipant({
    ...core,
    fleet: config.fleet,
    line: config.line,
    slice: config.id,
    sensors: config.sensors.map(({ sensor }) => sensor),
    backends: () => models.backends(),
  });
}

/** Starts the sensors' loops. */
export function openSensors(core: Core, broker: LocalBroker, openers: AdapterOpeners): Sensors {
  const { config, quarantine, progress, retention, meter, topics, clock, signal, drift } = core;
  const publisher = createPublisher({
    ...core,
    publish: (topic, payload) => broker.publish(topic, payload),
  });
  const running = config.sensors.map((sensor) => {
    const run = (until: AbortSignal): Promise<void> =>
      runSensor(
        {
          ...core,
          adapter: openAdapter(sensor, { brokerUrl: broker.url, clock }, openers),
          topic: topics.inference(config.line),
          publisher,
          refuse: (refusal) => quarantine.add(sensor.sensor, refusal),
          watch: (window, served) => drift.watch(window, served),
          onStored(endUs) {
            progress.advanced(endUs);
            retention.noted();
          },
          meter,
        },
        until,
      );
    return superviseSensor({ sensor: sensor.sensor, run }, core, signal);
  });
  return { running, publisher };
}

/** Puts together what `/healthz` says. */
export function healthOf(core: Core, broker: LocalBroker, sensors: Sensors): Health {
  const { config, serving, slots, disk, learning, progress, late } = core;
  const classifier = serving.current();
  const state = slots.state().serving?.kind ?? "confirmed";
  const parts = {
    coordinator: late.link.state(),
    diskFull: disk.isFull(),
    sensors: sensors.running.map((one) => ({ sensor: one.sensor, state: one.state() })),
    ...(classifier === undefined
      ? {}
      : {
          model: {
            manifest: classifier.identity,
            version: classifier.manifest.version,
            state,
            backend: classifier.backend,
          },
        }),
  };
  return {
    format: 1,
    status: statusOf(parts, core.failed()),
    id: config.id,
    fleet: config.fleet,
    line: config.line,
    broker: broker.url,
    storedWindows: learning.count(),
    sensorUs: progress.highUs(),
    ...parts,
  };
}
