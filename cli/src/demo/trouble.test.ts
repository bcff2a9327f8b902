import { EdgeloopError } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { roundBook } from "./round-book.ts";
import type { Watched } from "./trouble.ts";
import { troubleOf } from "./trouble.ts";

const details = { release: { manifestSha256: "f00" } };
const watched = (notices: readonly [string, string, object][], change: Partial<Watched> = {}) => {
  const rounds = roundBook();
  for (const [stream, kind, more] of notices) {
    rounds.take({ stream, kind, details: { ...details, ...more } }, 0);
  }
  const rest = { phase: "federated rounds", nowUs: 8, endUs: 9, directory: "out" };
  return troubleOf({ processes: [{ lost: () => undefined }], rounds, ...rest, ...change });
};

test("a fleet in which things take their time is in no trouble", () => {
  const members = { "pump-1": "active", "pump-2": "pending" };
  expect(watched([])).toBeUndefined();
  expect(
    watched([
      ["campaign/c1", "running", {}],
      ["round/c1-r1/1", "abandoned", {}],
      ["rollout/pumps-v2", "done", { members }],
    ]),
  ).toBeUndefined();
});

test.for(["rejected", "abandoned"])("a campaign that was %s is the end, with its code", (kind) => {
  expect(watched([["campaign/c1", kind, { code: "BAR_MISSED" }]])).toMatchObject({
    code: "CAMPAIGN_FAILED",
    message: `the campaign was ${kind} (BAR_MISSED): see out/logs/coordinator.log`,
    details: { campaign: kind, code: "BAR_MISSED" },
  });
  expect(watched([["campaign/c1", kind, {}]])?.message).not.toContain("undefined");
});

test("a stopped rollout is the end, and names who refused", () => {
  const members = { "pump-1": "active", "pump-2": "refused" };
  expect(watched([["rollout/pumps-v2", "stopped", { members }]])).toMatchObject({
    code: "ROLLOUT_FAILED",
    message:
      "the rollout pumps-v2 was stopped, pump-2 refused the release: see out/logs/pump-2.log",
    details: members,
  });
});

test("a process that ended by itself is the end, whatever else is wrong", () => {
  const lost = new EdgeloopError("DAEMON_ENDED", "pump-3 ended");
  const processes = [{ lost: () => undefined }, { lost: () => lost }];
  expect(watched([["campaign/c1", "rejected", {}]], { processes })).toBe(lost);
});

test("when the pumps have nothing more to say, the phase in which nothing moved is named", () => {
  expect(watched([], { nowUs: 9 })).toMatchObject({
    code: "SCHEDULE_ENDED",
    message: expect.stringContaining('"federated rounds": see out/logs/coordinator.log'),
    details: { phase: "federated rounds" },
  });
});
