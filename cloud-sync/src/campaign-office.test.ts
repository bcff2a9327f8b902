import { codeOf, parseName } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { failingStore, memoryCoordinator, memorySettings } from "./testing.ts";

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

test("a campaign that could not be written takes no name, now or after a restart", async () => {
  const store = failingStore();
  const plant = await memoryCoordinator({ store });
  const request = () => plant.coordinator.policy.request(trigger).catch(codeOf);
  store.fail({ text: "campaign/c1", code: "STORE_FULL", times: 1 });
  expect(await request()).toBe("STORE_FULL");
  expect(plant.coordinator.campaigns.all().size).toBe(0);
  expect(await request()).toBe("c1");
  const { campaigns } = (await plant.again()).coordinator;
  expect([...campaigns.all().keys()]).toEqual(["c1"]);
});

test("a campaign whose write was said to have failed goes on when it reached the disk", async () => {
  const store = failingStore();
  const plant = await memoryCoordinator({ store });
  const request = () => plant.coordinator.policy.request(trigger).catch(codeOf);
  store.fail({ text: "campaign/c1", code: "STORE_FAILED", times: 1, isWritten: true });
  expect(await request()).toBe("STORE_FAILED");
  expect(await request()).toBe("CAMPAIGN_RUNNING");
  await plant.coordinator.idle();
  expect(plant.coordinator.campaigns.all().get(c1)?.kind).toBe("running");
});

test("campaigns are opened by their names and numbered from the newest", async () => {
  const plant = await memoryCoordinator();
  const devices = [await plant.enrol("a"), await plant.enrol("b")];
  for (let endUs = 5; endUs < 15; endUs += 1) {
    await plant.coordinator.policy.request({ ...trigger, endUs });
    await plant.obey(devices);
  }
  await plant.ports.store.commit([
    { sql: "DELETE FROM journal WHERE stream = ?", params: ["campaign/c1"] },
  ]);
  const { coordinator } = await plant.again();
  const names = Array.from({ length: 9 }, (_, index) => `c${index + 2}`);
  expect([...coordinator.campaigns.all().keys()]).toEqual(names);
  expect(await coordinator.policy.request({ ...trigger, endUs: 20 })).toBe("c11");
});

test("an operator ends a campaign: its round too, and nothing is begun anew", async () => {
  const plant = await memoryCoordinator();
  const { coordinator } = plant;
  const devices = [await plant.enrol("a"), await plant.enrol("b")];
  await coordinator.policy.request(trigger);
  await coordinator.idle();
  await coordinator.abort(c1);
  await coordinator.idle();
  const aborted = { kind: "abandoned", code: "OPERATOR_ABORTED" };
  expect(coordinator.campaigns.all().get(c1)).toMatchObject(aborted);
  expect(coordinator.rounds.all().map(({ machine }) => machine.state())).toMatchObject([aborted]);
  expect(await coordinator.abort(c1).catch(codeOf)).toBe("CAMPAIGN_OVER");
  expect(await coordinator.abort(parseName("c9")).catch(codeOf)).toBe("CAMPAIGN_UNKNOWN");
  await coordinator.policy.request(trigger);
  await plant.obey(devices);
  expect(coordinator.campaigns.all().get(parseName("c2"))?.kind).toBe("released");
});
