import { canonicalJson, parseName, sha256, utf8 } from "@edgeloop/core/platform";
import { memoryBlobStore, memoryStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { planOf, rulesOf } from "./campaign-plan.ts";
import { openLedger } from "./ledger.ts";
import { specOf } from "./policy-office.ts";
import { openRoundRecords } from "./round-records.ts";
import { memorySettings, paperModels } from "./testing.ts";

test("a round is stored with its plan's bytes, once, and announcements are replaced", async () => {
  const store = memoryStore();
  await openLedger(store);
  const records = openRoundRecords(store);
  const [campaign, round, device] = ["c1", "c1-r1", "a"].map(parseName) as [
    ReturnType<typeof parseName>,
    ReturnType<typeof parseName>,
    ReturnType<typeof parseName>,
  ];
  const spec = {
    ...specOf(memorySettings, { reason: "OPERATOR_REQUEST", startUs: 0, endUs: 1 }),
    campaign,
  };
  const blueprint = await paperModels(memoryBlobStore()).blueprint(spec.line);
  const place = { fleet: memorySettings.fleet, round, number: 1, attempt: 1, base: blueprint.base };
  const plan = planOf(spec, blueprint, place);
  const planBytes = utf8(canonicalJson(plan));
  const planHash = await sha256(planBytes);
  const record = {
    round,
    attempt: 1,
    number: 1,
    campaign,
    plan,
    planBytes,
    planHash,
    rules: rulesOf(spec, blueprint, place),
    code: "1.0.0",
  };
  await records.add(record, 5);
  await records.add({ ...record, code: "2.0.0" }, 6);
  expect(await records.all()).toEqual([record]);

  const announced = { round, attempt: 1, device, payload: blueprint.base, examples: 3 };
  await records.announce({ ...announced, examples: 9 }, utf8("{}"));
  await records.announce(announced, utf8("{}"));
  expect(await records.announced(device, blueprint.base.sha256)).toEqual([announced]);
  await records.forget(announced);
  expect(await records.announced(device, blueprint.base.sha256)).toEqual([]);
});
