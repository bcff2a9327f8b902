import { codeOf, parseName } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { memoryCoordinator, memorySettings } from "./testing.ts";

const trigger = { reason: "OPERATOR_REQUEST", startUs: 0, endUs: 5 };
const c1 = parseName("c1");

test("a campaign that an operator has to approve waits for that", async () => {
  const plant = await memoryCoordinator({ settings: { ...memorySettings, approve: "operator" } });
  const { campaigns, policy, rounds } = plant.coordinator;
  await Promise.all([plant.enrol("a"), plant.enrol("b")]);
  await policy.request(trigger);
  await plant.coordinator.idle();
  expect([campaigns.all().get(c1)?.kind, rounds.all()]).toEqual(["proposed", []]);
  await campaigns.approve(c1);
  await plant.coordinator.idle();
  expect(rounds.all()).toHaveLength(1);
  const unknown = campaigns.approve(parseName("c9")).then(() => "APPROVED", codeOf);
  expect(await unknown).toBe("CAMPAIGN_UNKNOWN");
  const again = campaigns.approve(c1).then(() => "APPROVED", codeOf);
  expect(await again).toBe("CAMPAIGN_NOT_WAITING");
});

test("a campaign whose graphs cannot be built is abandoned by that code", async () => {
  const plant = await memoryCoordinator();
  const broken = Promise.reject(Object.assign(new Error("none"), { code: "LINE_UNKNOWN" }));
  broken.catch(() => undefined);
  Object.assign(plant.ports.models, { blueprint: () => broken });
  await plant.coordinator.policy.request(trigger);
  await plant.clock.advance(10_000);
  await plant.coordinator.idle();
  expect(plant.coordinator.campaigns.all().get(c1)).toMatchObject({
    kind: "abandoned",
    code: "LINE_UNKNOWN",
  });
});

test("the next campaign starts from the release of the one before", async () => {
  const plant = await memoryCoordinator();
  const devices = [await plant.enrol("a"), await plant.enrol("b")];
  const { campaigns, policy } = plant.coordinator;
  await policy.request(trigger);
  await plant.obey(devices);
  await policy.request({ ...trigger, endUs: 9 });
  await plant.coordinator.idle();
  const second = campaigns.blueprintOf(parseName("c2"));
  expect(second?.parent).toBe("2".repeat(64));
  expect(campaigns.running(memorySettings.line)?.campaign).toBe("c2");
});
