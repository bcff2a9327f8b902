import { parseCoordinatorConfig } from "@edgeloop/cloud-sync";
import { listDataset, readRecording } from "@edgeloop/core/data/node";
import { expect, test } from "vitest";
import { temporary } from "../../testing.ts";
import { replayEpochUs } from "./replay-schedule.ts";
import { recordPeople } from "./testing.ts";
import type { Timetable } from "./timetable.ts";
import { labelPolicy, timetableOf } from "./timetable.ts";

const spec = { rateHz: 20, lengthSamples: 20, hopSamples: 5 };

/** Two people, one of whom recorded twice as much. */
async function drawn(): Promise<Timetable> {
  const directory = temporary();
  await recordPeople(directory, ["ann", "bob"]);
  const all = await Promise.all(
    (await listDataset(directory)).map(async ({ directory: path, recording }) => ({
      recording,
      content: await readRecording(path),
    })),
  );
  return timetableOf([all.slice(0, 1), all.slice(2)], spec);
}

const firstUs = ({ packets }: Timetable["days"][number]): number =>
  packets[0]?.samples.startUs ?? 0;

test("stretches follow each other: nobody's sensor time ever steps back", async () => {
  const { days, eves, endUs, completeUs, startsUs, from } = await drawn();
  const stretches = [
    ...[from(startsUs.install), days, eves],
    ...[from(startsUs.rounds), from(startsUs.reinstall), from(startsUs.again)],
  ];
  for (const person of [0, 1]) {
    const own = stretches.map((replays) => replays[person]).filter((day) => day !== undefined);
    for (const [index, next] of own.slice(1).entries()) {
      expect(firstUs(next)).toBeGreaterThanOrEqual(own[index]?.endUs ?? Number.NaN);
    }
  }
  expect(Math.max(...days.map((day) => day.endUs))).toBe(endUs);
  // Every gateway has data beyond everybody's days, so its windows there are never cut short by the range.
  expect(Math.min(...eves.map((eve) => eve.packets.at(-1)?.samples.startUs ?? 0))).toBeGreaterThan(
    endUs,
  );
  expect(completeUs).toBeGreaterThan(endUs);
});

test("the policy waits for labels of everybody and reaches back to the first day", async () => {
  const timetable = await drawn();
  const [fewer, more] = timetable.days.map(({ labels }) => labels.length) as [number, number];
  const { retrain, range, coolDownS } = labelPolicy(timetable);
  // One gateway alone never gets there, whichever it is; both do with one label to spare.
  expect(retrain.labels.countMin).toBeGreaterThan(Math.max(fewer, more));
  expect(retrain.labels.countMin).toBeLessThanOrEqual(fewer + more);
  // The range ends at an eve, at the latest when all of them are over.
  expect(timetable.completeUs - range.beforeS * 1e6).toBeLessThanOrEqual(replayEpochUs);
  expect(timetable.endUs + coolDownS * 1e6).toBeGreaterThan(
    Math.max(...timetable.from(timetable.startsUs.again).map(({ endUs }) => endUs)),
  );
});

test("a coordinator takes the policy", async () => {
  const policy = labelPolicy(await drawn());
  const listen = { port: 0 };
  const yaml = JSON.stringify({
    ...{ format: 1, fleet: "f", line: "l", data: "d", registry: "r", key: "k" },
    ...{ http: listen, mqtt: listen, admin: { ...listen, tokenFile: "t" } },
    loop: policy,
  });
  expect(parseCoordinatorConfig(yaml, "coordinator.yaml").loop).toMatchObject(policy);
});
