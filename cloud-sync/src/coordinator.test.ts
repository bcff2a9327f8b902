import { codeOf, EdgeloopError, parseName } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { statusOf } from "./coordinator-status.ts";
import { signEnvelope } from "./dsse.ts";
import type { MemoryCoordinator } from "./testing.ts";
import { failingStore, memoryCoordinator } from "./testing.ts";

const trigger = { reason: "OPERATOR_REQUEST", startUs: 0, endUs: 5 };

test("a campaign runs to its release, and its rollout starts", async () => {
  const plant = await memoryCoordinator();
  const { coordinator } = plant;
  const devices = [await plant.enrol("a"), await plant.enrol("b"), await plant.enrol("c")];
  await coordinator.policy.request(trigger);
  await plant.obey(devices);
  const status = await statusOf(coordinator, [devices[0]!.device]);
  expect(status.campaigns).toMatchObject([{ name: "c1", kind: "released" }]);
  expect(status.rounds.map(({ name, kind }) => [name, kind])).toEqual([
    ["c1-r1", "released"],
    ["c1-r2", "released"],
  ]);
  expect(status.rollouts).toMatchObject([{ name: "toys-v2", kind: "rolling" }]);
  const due = devices.filter(({ device }) => coordinator.workOf(device).length > 0);
  expect(due).toHaveLength(1);
});

test("a restart at any moment goes on to the same candidate", async () => {
  const calm = await memoryCoordinator();
  const stormy = await memoryCoordinator();
  const finals = [];
  for (const first of [calm, stormy]) {
    let plant = first;
    const devices = [await plant.enrol("a"), await plant.enrol("b")];
    await plant.coordinator.policy.request(trigger);
    await plant.coordinator.idle();
    for (let turn = 0; turn < 40; turn += 1) {
      const [next] = devices.filter(({ device }) => plant.coordinator.rounds.workOf(device).length);
      if (first === stormy) {
        plant = await plant.again();
        plant.coordinator.campaigns.resume();
        await plant.coordinator.rounds.resume();
        await plant.coordinator.idle();
      }
      if (next !== undefined) await plant.obey([next]);
      await plant.coordinator.idle();
    }
    finals.push([...plant.coordinator.campaigns.all().values()][0]);
  }
  expect(finals[0]).toMatchObject({ kind: "released" });
  expect(finals[1]).toEqual(finals[0]);
});

test("a round in flight across a change of version is abandoned with that reason", async () => {
  const before = await memoryCoordinator();
  await Promise.all([before.enrol("a"), before.enrol("b")]);
  await before.coordinator.policy.request(trigger);
  await before.coordinator.idle();
  const after = await before.again("2.0.0");
  await after.coordinator.rounds.resume();
  await after.coordinator.idle();
  const states = after.coordinator.rounds.all().map(({ machine }) => machine.state());
  expect(states).toMatchObject([
    { kind: "abandoned", code: "CODE_CHANGED" },
    { kind: "selecting" },
  ]);
});

test("a round whose devices stay away is abandoned at its deadline and tried again", async () => {
  const plant = await memoryCoordinator();
  await Promise.all([plant.enrol("a"), plant.enrol("b")]);
  await plant.coordinator.policy.request(trigger);
  await plant.coordinator.idle();
  await plant.clock.advance(1500);
  await plant.coordinator.rounds.tick();
  await plant.coordinator.idle();
  expect(plant.coordinator.rounds.all().map(({ record }) => record.attempt)).toEqual([1, 2]);
});

test("`run` starts the rollout of what the registry offers, and a late joiner gets it", async () => {
  const stop = new AbortController();
  const plant = await memoryCoordinator({ signal: stop.signal });
  const { coordinator, clock } = plant;
  const seen: string[] = [];
  const unwatch = coordinator.watch(({ stream, kind }) => seen.push(`${stream} ${kind}`));
  const running = coordinator.run();
  const a = await plant.enrol("a");
  await clock.advance(200);
  expect(coordinator.workOf(a.device)).toEqual([{ kind: "rollout", id: "toys-v1" }]);
  const report = {
    format: 1,
    fleet: parseName("plant"),
    rollout: parseName("toys-v1"),
    device: a.device,
    outcome: { kind: "active", health: {} },
  };
  const envelope = await signEnvelope("rollout-report", report, a.key);
  const wrong = coordinator.takeRolloutReport(a, parseName("toys-v2"), envelope);
  expect(await wrong.then(() => "TAKEN", codeOf)).toBe("ROLLOUT_MISMATCH");
  await coordinator.takeRolloutReport(a, parseName("toys-v1"), envelope);
  expect(coordinator.workOf(a.device)).toEqual([]);
  expect(seen).toContain("rollout/toys-v1 done");
  unwatch();
  stop.abort();
  await running;
});

test("a revoked device is out of rollouts, and unknown ones are refused", async () => {
  const plant = await memoryCoordinator();
  const { coordinator } = plant;
  const a = await plant.enrol("a");
  await coordinator.revoke(a.device, "stolen");
  const unknown = coordinator.revoke(parseName("x"), "stolen");
  expect(await unknown.then(() => "REVOKED", codeOf)).toBe("DEVICE_UNKNOWN");
  expect(await coordinator.enrolled(a.device, a.key).then(() => "IN", codeOf)).toBe(
    "DEVICE_REVOKED",
  );
});

/** Lets a job's pauses pass while it is waited for. */
async function passing<T>({ clock }: MemoryCoordinator, work: Promise<T>): Promise<T> {
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await clock.advance(100);
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
  return await over;
}

test.for([
  ["aggregated", "STORE_FULL"],
  ["quantized", "STORE_FULL"],
  ["round-ended", "STORE_FULL"],
  ["published", "STORE_FULL"],
] as const)("%s waits for a full disk, and is written at the next tick", async ([kind, code]) => {
  const store = failingStore();
  const plant = await memoryCoordinator({ store });
  const { campaigns, rounds, policy } = plant.coordinator;
  const devices = [await plant.enrol("a"), await plant.enrol("b")];
  store.fail({ text: `"kind":"${kind}"`, code });
  await policy.request(trigger);
  await passing(plant, plant.obey(devices));
  const campaign = () => [...campaigns.all().values()][0];
  expect(campaign()?.kind).toBe(kind === "published" ? "publishing" : "running");
  store.fail();
  for (let round = 0; round < 2; round += 1) {
    campaigns.resume();
    await rounds.tick();
    await passing(plant, plant.obey(devices));
  }
  expect(campaign()).toMatchObject({ kind: "released" });
  expect(rounds.all().map(({ record }) => record.attempt)).toEqual([1, 1]);
});

test("a job whose giving up could not be written is taken up at the next tick", async () => {
  const store = failingStore();
  const plant = await memoryCoordinator({ store });
  const { campaigns, rounds, policy } = plant.coordinator;
  const devices = [await plant.enrol("a"), await plant.enrol("b")];
  Object.assign(plant.ports.models, {
    observe: () => Promise.reject(new EdgeloopError("GRAPH_INVALID", "none")),
  });
  store.fail({ text: '"kind":"failed"', code: "STORE_FULL" });
  await policy.request(trigger);
  await passing(plant, plant.obey(devices));
  expect(rounds.all()[0]?.machine.state().kind).toBe("aggregating");
  store.fail();
  await rounds.tick();
  await passing(plant, plant.coordinator.idle());
  expect(rounds.all()[0]?.machine.state()).toMatchObject({
    kind: "abandoned",
    code: "GRAPH_INVALID",
  });
  expect(campaigns.all().size).toBe(1);
});

test("a round whose end cannot be told fails its campaign, which does not wait for ever", async () => {
  const store = failingStore();
  const plant = await memoryCoordinator({ store });
  const { campaigns, policy } = plant.coordinator;
  const devices = [await plant.enrol("a"), await plant.enrol("b")];
  store.fail({ text: '"outcome":{"kind":"released"', code: "MESSAGE_INVALID" });
  await policy.request(trigger);
  await passing(plant, plant.obey(devices));
  expect([...campaigns.all().values()]).toMatchObject([
    { kind: "abandoned", code: "MESSAGE_INVALID" },
  ]);
  store.fail();
  expect(await policy.request(trigger)).toBe("c2");
});

test("a tick that fails is tried again; a store that is gone for good ends the run", async () => {
  const store = failingStore();
  const plant = await memoryCoordinator({ store });
  const { rounds, policy } = plant.coordinator;
  await Promise.all([plant.enrol("a"), plant.enrol("b")]);
  const running = plant.coordinator.run().then(() => "STOPPED", codeOf);
  await policy.request(trigger);
  await plant.coordinator.idle();
  store.fail({ text: '"kind":"ticked"', code: "STORE_FULL" });
  await plant.clock.advance(30_000);
  expect(rounds.all()[0]?.machine.state().kind).toBe("selecting");
  store.fail();
  await plant.clock.advance(100);
  expect(rounds.all()[0]?.machine.state()).toMatchObject({ code: "COHORT_TOO_SMALL" });
  store.fail({ text: '"kind":"ticked"', code: "STORE_FAILED" });
  expect(await passing(plant, running)).toBe("STORE_FAILED");
});
