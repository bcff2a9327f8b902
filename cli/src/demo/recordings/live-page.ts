import { attributeMs } from "../capture/ledger.ts";
import type { LatencyScore } from "../plant/prediction-book.ts";
import type { LiveReport } from "../report/report-server.ts";
import type { AccuracyPoint, LatencyRow } from "../report/report-state.ts";
import type { LiveBooks } from "./live-fold.ts";

/** Published predictions that a point of the plot averages, of one gateway. */
const slidingWindows = 100;
/** Events that the page keeps. */
const eventsMax = 400;

/** What the live page and the terminal are told of. */
export type LivePage = {
  phase(text: string): void;
  event(text: string): void;
  /** Gives the page what the live fold sees from now on. */
  watch(live: LiveBooks): void;
  /** Tells the page what changed; called once a second. */
  refresh(): void;
  /** Seconds since the run began. */
  readonly atS: () => number;
};

/** Builds what stands between a run on recordings and its page. */
export function livePage(report: LiveReport, say: (line: string) => void): LivePage {
  const startMs = performance.now();
  const atS = (): number => Math.round((performance.now() - startMs) / 100) / 10;
  const line = (text: string): void => say(`[${atS().toFixed(1).padStart(6)} s] ${text}`);
  let books: LiveBooks | undefined;
  return {
    atS,
    phase(text) {
      line(text);
      report.update({ phase: text });
    },
    event(text) {
      line(`  ${text}`);
      const events = [...report.state().events, { atS: atS(), text }].slice(-eventsMax);
      report.update({ events });
    },
    watch(live) {
      books = live;
      report.update({ gateways: live.gateways });
    },
    refresh() {
      if (books === undefined) return;
      books.ledger.attribute(attributeMs);
      report.update({
        accuracy: [...report.state().accuracy, pointOf(books, atS())],
        rounds: books.rounds.rounds(),
        latency: latencyOf(books),
        traffic: books.ledger.rows(),
      });
    },
  };
}

/** Latency of the windows that waited for nothing, by whether anybody trained. */
function latencyOf({ book }: LiveBooks): readonly LatencyRow[] {
  const row = (name: string, { windows, p50, p99 }: LatencyScore): LatencyRow => ({
    ...{ name, windows, p50Ms: p50, p99Ms: p99 },
  });
  return [
    row(
      "idle",
      book.latency(({ training }) => training === 0),
    ),
    row(
      "while some train",
      book.latency(({ training }) => training > 0),
    ),
  ].filter(({ windows }) => windows > 0);
}

/** The share of right predictions among the last ones of each gateway, and of them together. */
function pointOf({ book, gateways }: LiveBooks, atS: number): AccuracyPoint {
  const byGateway = Map.groupBy(book.entries(), ({ gateway }) => gateway);
  const last = gateways.map((name) => (byGateway.get(name) ?? []).slice(-slidingWindows));
  const share = (entries: (typeof last)[number]): number | null =>
    entries.length === 0
      ? null
      : entries.filter(({ truth, predicted }) => truth === predicted).length / entries.length;
  return { atS, fleet: share(last.flat()), gateways: last.map(share) };
}
