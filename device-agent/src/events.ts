import type { Clock, Log, Statement } from "@edgeloop/core/platform";
import { utf8 } from "@edgeloop/core/platform";
import { within } from "./deadline.ts";
import type { DiskGuard } from "./disk-guard.ts";
import { eventIntervalMs, eventsMax, eventsUnpublishedMax, publishTimeoutMs } from "./limits.ts";
import type { Meter } from "./meter.ts";

/** What a gateway noticed: a code, the sensor time it was about, and counters; never data. */
export type GatewayEvent = {
  readonly code: string;
  readonly sensorUs?: number;
  readonly counters?: Readonly<Record<string, number>>;
};

/** The JSON that the local events topic carries. */
export type EventMessage = {
  readonly format: 1;
  readonly code: string;
  readonly atUs: number;
  readonly sensorUs?: number;
  readonly counters: Readonly<Record<string, number>>;
};

/** Where parts say what they noticed. */
export type Events = {
  /** Never fails and never waits; one code is raised at most once in `eventIntervalMs`, repeats only count. */
  raise(event: GatewayEvent): void;
  /** Resolves once everything raised so far is on disk, reported, and published or given up. */
  settled(): Promise<void>;
};

/** Where events go: a row, the local topic, and the coordinator. */
export type EventSinks = {
  readonly disk: Pick<DiskGuard, "commit">;
  readonly publish: (payload: Uint8Array) => Promise<void>;
  readonly report: (event: GatewayEvent) => Promise<void>;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly log: Log;
};

/** Builds the place where events are raised. */
export function openEvents({ disk, publish, report, meter, clock, log }: EventSinks): Events {
  const lastMs = new Map<string, number>();
  let tail = Promise.resolve();
  let published = Promise.resolve();
  let unpublished = 0;

  const undelivered = (event: GatewayEvent, to: string) => (error: unknown) => {
    log.error("event-undelivered", { code: event.code, to, error });
  };

  /** Beside the rest: a local broker that is away must not hold back what the coordinator is to hear. */
  const publishLater = (event: GatewayEvent, atUs: number): void => {
    if (unpublished >= eventsUnpublishedMax) {
      log.warn("event-unpublished", { code: event.code });
      return;
    }
    unpublished += 1;
    const payload = utf8(JSON.stringify(messageOfEvent(event, atUs)));
    published = published
      .then(() => within(publish(payload), publishTimeoutMs, clock))
      .catch(undelivered(event, "broker"))
      .finally(() => {
        unpublished -= 1;
      });
  };

  const deliver = async (event: GatewayEvent): Promise<void> => {
    const atUs = clock.nowUs();
    try {
      await disk.commit(rowOf(event, atUs));
    } catch (error) {
      undelivered(event, "disk")(error);
      return;
    }
    publishLater(event, atUs);
    await report(event).catch(undelivered(event, "coordinator"));
  };

  return {
    raise(event) {
      meter.add("events", [event.code]);
      const nowMs = clock.monotonicMs();
      if (nowMs - (lastMs.get(event.code) ?? Number.NEGATIVE_INFINITY) < eventIntervalMs) return;
      lastMs.set(event.code, nowMs);
      log.info("event", event);
      tail = tail.then(() => deliver(event));
    },
    async settled() {
      await tail;
      await published;
    },
  };
}

const rowOf = (event: GatewayEvent, atUs: number): readonly Statement[] => [
  {
    sql: "INSERT INTO event (code, at_us, sensor_us, fields) VALUES (?, ?, ?, ?)",
    params: [event.code, atUs, event.sensorUs ?? null, JSON.stringify(event.counters ?? {})],
  },
  {
    sql: "DELETE FROM event WHERE id <= (SELECT MAX(id) FROM event) - ?",
    params: [eventsMax],
  },
];

const messageOfEvent = (event: GatewayEvent, atUs: number): EventMessage => ({
  format: 1,
  code: event.code,
  atUs,
  ...(event.sensorUs === undefined ? {} : { sensorUs: event.sensorUs }),
  counters: event.counters ?? {},
});
