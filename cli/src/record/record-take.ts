import type { Adapter, Refusal, Samples } from "@edgeloop/core/data";
import type { RecordingCounters, RecordingWriter } from "@edgeloop/core/data/node";
import { createRecordingWriter } from "@edgeloop/core/data/node";
import type { Clock } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";

/** One stretch of recording. */
export type Take = {
  readonly directory: string;
  readonly adapter: Adapter;
  /** Where the data come from, in words. */
  readonly origin: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** What is true of all of it. */
  readonly label?: string;
  /** Length from the first packet on; until the signal when absent. */
  readonly durationS?: number;
  /** How long the first packet may take; for ever when absent. */
  readonly silenceSMax?: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told about once a second. */
  readonly progress: (rows: number) => void;
  readonly refuse: (refusal: Refusal) => void;
};

/** What a take recorded. */
export type TakeReport = RecordingCounters & {
  readonly directory: string;
  readonly label?: string;
  /** Payloads that were refused, by code. */
  readonly refusals: Readonly<Record<string, number>>;
};

/** A kill leaves no more than this unlabelled. */
const labelStretchUs = 10e6;

/**
 * Records a sensor into a folder, or goes on with the recording that is there.
 *
 * @throws `RECORDING_SILENT` when nothing came, `RECORDING_EMPTY` when all that came was refused, `RECORDING_DIFFERS`
 */
export async function recordTake(take: Take): Promise<TakeReport> {
  const { adapter, clock, origin, attributes, label } = take;
  const info = { ...adapter.info, origin, attributes };
  const writer = await createRecordingWriter(take.directory, info, { clock });
  const refusals: Record<string, number> = {};
  const refuse = (refusal: Refusal): void => {
    refusals[refusal.code] = (refusals[refusal.code] ?? 0) + 1;
    take.refuse(refusal);
  };
  const labeller = createLabeller(writer, label);
  const timer = createTimer(take);
  let saidMs = clock.monotonicMs();
  for await (const samples of adapter.samples({ signal: timer.signal, refuse })) {
    timer.begin();
    const refusal = await writer.append(samples);
    if (refusal) refuse({ ...refusal, atUs: clock.nowUs() });
    else await labeller.took(samples, adapter);
    if (clock.monotonicMs() - saidMs < 1000) continue;
    saidMs = clock.monotonicMs();
    take.progress(writer.counters.rows);
  }
  timer.end();
  await labeller.finish();
  await writer.close();
  if (timer.isSilent()) throw silent(take, refusals);
  return { ...writer.counters, directory: take.directory, refusals, ...(label ? { label } : {}) };
}

/** Ends a take after its time, which begins with the first packet. */
function createTimer({ durationS, silenceSMax, clock, signal }: Take): {
  readonly signal: AbortSignal;
  begin(): void;
  end(): void;
  isSilent(): boolean;
} {
  const stop = new AbortController();
  const ended = new AbortController();
  let begun = false;
  let silence = false;
  const after = (seconds: number | undefined, act: () => void): void => {
    if (seconds === undefined) return;
    clock.sleep(seconds * 1000, ended.signal).then(act, () => undefined);
  };
  after(silenceSMax, () => {
    if (begun) return;
    silence = true;
    stop.abort();
  });
  return {
    signal: AbortSignal.any([signal, stop.signal]),
    begin() {
      if (begun) return;
      begun = true;
      after(durationS, () => stop.abort());
    },
    end: () => ended.abort(),
    isSilent: () => silence,
  };
}

/** Labels what was taken, a stretch at a time. */
function createLabeller(
  writer: RecordingWriter,
  label: string | undefined,
): { took(samples: Samples, adapter: Adapter): Promise<void>; finish(): Promise<void> } {
  let fromUs: number | undefined;
  let untilUs = 0;
  const write = async (): Promise<void> => {
    if (label === undefined || fromUs === undefined || untilUs <= fromUs) return;
    await writer.label({ startUs: fromUs, endUs: untilUs, label, by: "data-record" });
    fromUs = untilUs;
  };
  return {
    async took({ startUs, data, periodUs, timesUs }, { info }) {
      fromUs ??= startUs;
      const stepUs = periodUs ?? 1e6 / info.rateHz;
      const lastUs = timesUs?.at(-1) ?? startUs + (data.length / info.channels.length - 1) * stepUs;
      untilUs = Math.round(lastUs + stepUs);
      if (untilUs - fromUs >= labelStretchUs) await write();
    },
    finish: write,
  };
}

function silent(take: Take, refusals: Readonly<Record<string, number>>): EdgeloopError {
  const codes = Object.entries(refusals).map(([code, count]) => `${count} × ${code}`);
  return codes.length > 0
    ? new EdgeloopError(
        "RECORDING_EMPTY",
        `all that came from ${take.origin} was refused: ${codes.join(", ")}`,
        { details: { refusals } },
      )
    : new EdgeloopError(
        "RECORDING_SILENT",
        `nothing came from ${take.origin} within ${take.silenceSMax} s: is the sensor on, and is that where it publishes?`,
      );
}
