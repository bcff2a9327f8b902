// Real processes, and a kill in the worst moment: what comes out of a round is the same to the bit, and nothing that was
// acknowledged or published is lost.
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openFileBlobStore, openSqliteStore } from "@edgeloop/core/platform/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { learnerWatch } from "../../cli/src/demo/fleet/learner-watch.ts";
import type { PlantTemplate } from "./fleet/small-plant.ts";
import { plantTemplate } from "./fleet/small-plant.ts";
import type { Station, TestFleet } from "./fleet/test-fleet.ts";
import {
  atS,
  confirmedAtS,
  deliver,
  giveLabel,
  healthOf,
  labelsOf,
  nextRelease,
  startFleet,
  until,
} from "./fleet/test-fleet.ts";

/** The campaign's data: after the first release was confirmed, before any accident. */
const range = { fromS: confirmedAtS, toS: confirmedAtS + 12 };
const gateways = 3;
/** How long a killed process stays away. */
const awayMs = 300;

let template: PlantTemplate;
beforeAll(async () => {
  template = await plantTemplate();
});
afterAll(() => template.remove());

/** What an accident is; says what has to be true of the moment at which it struck. */
type Accident = {
  readonly name: string;
  /** Resolves when something was killed and is back. */
  strike(fleet: TestFleet): Promise<void>;
};

const { signal } = new AbortController();

const restart = async ({ member }: Station): Promise<void> => {
  await delay(awayMs);
  await member.daemon.start(signal);
};

const accidents: readonly Accident[] = [
  {
    name: "a gateway is killed while it trains",
    async strike(fleet) {
      const station = fleet.stations[1]!;
      let sent = false;
      fleet.onRequest = ({ gateway, path }) => {
        sent ||= gateway === station.member.name && path.includes("/updates/");
      };
      const learner = learnerWatch();
      await until("it trains", () => learner.isAtWork(station.member.daemon.pid()));
      await delay(300);
      expect(learner.isAtWork(station.member.daemon.pid())).toBe(true);
      await station.member.daemon.kill("SIGKILL");
      expect(sent).toBe(false);
      await restart(station);
    },
  },
  {
    name: "a gateway is killed during a download",
    async strike(fleet) {
      const station = fleet.stations[2]!;
      const asked = Promise.withResolvers<string>();
      station.member.slowDownload = 5_000;
      fleet.onRequest = ({ gateway, path }) => {
        const blob = /^\/v1\/blobs\/([0-9a-f]{64})$/.exec(path)?.[1];
        if (gateway === station.member.name && blob !== undefined) asked.resolve(blob);
      };
      const blob = await asked.promise;
      await delay(150);
      await station.member.daemon.kill("SIGKILL");
      station.member.slowDownload = undefined;
      const blobs = await openFileBlobStore(join(station.member.directory, "blobs"));
      expect(await blobs.has(blob as never)).toBe(false);
      await restart(station);
    },
  },
  {
    name: "the coordinator is killed while it aggregates",
    async strike(fleet) {
      const { daemon } = fleet.coordinator;
      const aggregating = Promise.withResolvers<void>();
      fleet.onNotice = ({ stream, kind }) => {
        if (stream.startsWith("round/") && kind === "aggregating") aggregating.resolve();
      };
      await aggregating.promise;
      await daemon.kill("SIGKILL");
      expect(fleet.notices.at(-1)).toMatchObject({ kind: "aggregating" });
      await delay(awayMs);
      await daemon.start(signal);
    },
  },
];

/** Everything that a run says at its end. */
type Outcome = { readonly manifest: string };

async function campaign(strike?: Accident["strike"]): Promise<Outcome> {
  const fleet = await startFleet(await template.copy(), { gateways });
  try {
    await deliver(fleet, range.fromS, range.toS);
    const over = new AbortController();
    // The pumps run on, and people go on labelling, whatever happens.
    const after = range.toS + 0.2;
    const playing = fleet.play({ fromS: after, toS: 500, speed: 3, signal: over.signal });
    const labelling = Promise.all(fleet.stations.map((its) => label(its, over.signal)));
    const striking = strike?.(fleet);
    striking?.catch(() => undefined);
    const asked = await fleet.coordinator.ask("campaigns", {
      startUs: atS(range.fromS),
      endUs: atS(range.toS),
      rounds: 1,
    });
    expect(asked).toHaveProperty("campaign");
    await striking;
    const manifest = await nextRelease(fleet);
    await until("every gateway serves the release", async () => {
      const all = await Promise.all(fleet.stations.map(healthOf));
      return all.every(({ model }) => Object(model).manifest === manifest);
    });
    over.abort();
    await Promise.all([playing, labelling]);
    await Promise.all(fleet.stations.map(({ member }) => member.daemon.kill("SIGTERM")));
    for (const station of fleet.stations) await expectNothingLost(station, manifest);
    return { manifest };
  } finally {
    await fleet.close();
  }
}

/** Labels what comes after the range, one window after the other; nobody waits for the acknowledgements. */
async function label(station: Station, over: AbortSignal): Promise<void> {
  for (const next of labelsOf(station, range.toS, 60)) {
    if (over.aborted) return;
    giveLabel(station, next).catch(() => undefined);
    await delay(20);
  }
}

async function expectNothingLost(station: Station, manifest: string): Promise<void> {
  const store = await openSqliteStore(join(station.member.directory, "gateway.db"));
  try {
    const labels = await store.query("SELECT start_us, label FROM label");
    const kept = new Set(labels.map((row) => `${row["start_us"]} ${row["label"]}`));
    const given = station.acknowledged.map(({ startUs, label: said }) => `${startUs} ${said}`);
    expect(given.length).toBeGreaterThan(70);
    expect(given.filter((key) => !kept.has(key))).toEqual([]);

    const predictions = await store.query("SELECT start_us, label, model FROM prediction");
    const rows = new Set(
      predictions.map((row) => `${row["start_us"]} ${row["label"]} ${row["model"]}`),
    );
    const seen = station.predictions.map(
      ({ startUs, label: said, model }) => `${startUs} ${said} ${model}`,
    );
    expect(seen.filter((key) => !rows.has(key))).toEqual([]);
    expect(station.predictions.at(-1)?.model).toBe(manifest);
  } finally {
    await store.close();
  }
}

let undisturbed: Outcome;

test("an undisturbed campaign releases a model that every gateway serves", async () => {
  undisturbed = await campaign();
  expect(undisturbed.manifest).toMatch(/^[0-9a-f]{64}$/);
});

test.for(accidents)("$name: the released manifest is the same to the bit", async ({ strike }) => {
  expect(await campaign(strike)).toEqual(undisturbed);
});
