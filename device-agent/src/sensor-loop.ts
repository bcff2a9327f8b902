import type { Adapter, Refusal, Samples, Window, Windower, WindowSpec } from "@edgeloop/core/data";
import { createWindower } from "@edgeloop/core/data";
import type { Clock, Log } from "@edgeloop/core/platform";
import { canonicalJson } from "@edgeloop/core/platform";
import { servesSensor } from "./classifier.ts";
import type { DiskGuard } from "./disk-guard.ts";
import type { LearningStore } from "./learning-store.ts";
import { windowEndUs } from "./learning-store.ts";
import { timeBackPacketsMax } from "./limits.ts";
import type { Meter } from "./meter.ts";
import { predictionMessage, predictionRow } from "./prediction.ts";
import type { Publisher } from "./publisher.ts";
import { seenPackets } from "./seen-packets.ts";
import type { Served, Serving } from "./serving.ts";

/** What the way from one sensor to its predictions needs. */
export type SensorLoopOptions = {
  readonly adapter: Adapter;
  readonly topic: string;
  readonly serving: Pick<Serving, "current" | "classify">;
  readonly publisher: Publisher;
  readonly learning: Pick<LearningStore, "keep">;
  readonly disk: Pick<DiskGuard, "isFull" | "commit">;
  readonly refuse: (refusal: Refusal) => void;
  /** Sees every classified window, for drift. */
  readonly watch: (window: Window, served: Served) => void;
  /** Called once a window that ends at `endUs`, in microseconds of sensor time, is on disk. */
  readonly onStored: (endUs: number) => void;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly log: Log;
};

/**
 * Turns a sensor's packets into published predictions until the source ends or `signal` aborts.
 *
 * One window at a time: while it is classified the adapter is not pulled, and that is the back-pressure.
 */
export async function runSensor(options: SensorLoopOptions, signal: AbortSignal): Promise<void> {
  const { adapter, serving, meter, clock } = options;
  const { sensor } = adapter.info;
  const seen = seenPackets();
  let cutter: { readonly key: string; readonly windower: Windower } | undefined;
  let timeBack = 0;

  const windowerFor = (spec: WindowSpec): Windower => {
    const key = canonicalJson(spec);
    if (cutter?.key !== key) cutter = { key, windower: createWindower(adapter.info, spec) };
    return cutter.windower;
  };

  const take = async (packet: Samples, receivedMs: number): Promise<void> => {
    meter.add("packets", [sensor]);
    if (seen.repeats(packet.startUs)) {
      meter.add("duplicates", [sensor]);
      return;
    }
    const classifier = serving.current();
    if (classifier === undefined || !servesSensor(classifier.manifest, adapter.info)) {
      meter.add("idle", [sensor]);
      return;
    }
    const spec = classifier.manifest.pipeline.window;
    const cut = windowerFor(spec).push(packet);
    if (cut.refusal !== undefined) options.refuse({ ...cut.refusal, atUs: clock.nowUs() });
    timeBack = cut.refusal?.code === "SAMPLES_TIME_BACK" ? timeBack + 1 : 0;
    if (timeBack === timeBackPacketsMax) {
      // The next packet starts anew, wherever in time it is.
      cutter = undefined;
      timeBack = 0;
      options.log.warn("sensor-clock-set-back", { sensor, packets: timeBackPacketsMax });
    }
    if (cut.gaps > 0) meter.add("gaps", [sensor], cut.gaps);
    for (const window of cut.windows) {
      meter.add("windows", [sensor]);
      await serve({ options, window, spec, receivedMs });
    }
  };

  for await (const packet of adapter.samples({ signal, refuse: options.refuse })) {
    await take(packet, clock.monotonicMs());
    if (signal.aborted) return;
  }
}

async function serve({
  options,
  window,
  spec,
  receivedMs,
}: {
  readonly options: SensorLoopOptions;
  readonly window: Window;
  readonly spec: WindowSpec;
  readonly receivedMs: number;
}): Promise<void> {
  const { serving, publisher, disk, clock, topic, watch, onStored } = options;
  const served = await serving.classify(window.data);
  const endUs = windowEndUs(window.startUs, spec);
  const kept = keep(options, window, spec);
  if (served === undefined) {
    // Noted as well: while inference fails, windows are stored all the same and have to stay within their bound.
    if ((await disk.commit(kept)) === "stored") onStored(endUs);
    return;
  }
  const span = { sensor: window.sensor, startUs: window.startUs, endUs };
  await publisher.add({
    topic,
    statements: [predictionRow(span, served, clock.nowUs()), ...kept],
    receivedMs,
    message: (latencyMs) => predictionMessage(span, served, latencyMs),
    onStored: () => onStored(endUs),
  });
  watch(window, served);
}

function keep(
  { disk, learning, meter }: SensorLoopOptions,
  window: Window,
  spec: WindowSpec,
): ReturnType<LearningStore["keep"]> {
  if (disk.isFull()) {
    meter.add("notKept", ["DISK_FULL"]);
    return [];
  }
  const statements = learning.keep(window, spec);
  if (statements.length === 0) meter.add("notKept", ["STORE_SEALED"]);
  return statements;
}
