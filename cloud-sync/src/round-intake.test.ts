// The table of bad input runs over real HTTP in node/device-routes.test.ts; here: what only the intake can show.
import { encodeSafetensors, f32 } from "@edgeloop/core/graph";
import { codeOf, hasCode, parseSha256 } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { signEnvelope } from "./dsse.ts";
import type { MemoryCoordinator, MemoryDevice } from "./testing.ts";
import { memoryCoordinator } from "./testing.ts";

async function training(): Promise<readonly [MemoryCoordinator, MemoryDevice]> {
  const plant = await memoryCoordinator();
  const [a, b] = [await plant.enrol("a"), await plant.enrol("b")];
  const { policy, intake, rounds } = plant.coordinator;
  await policy.request({ reason: "OPERATOR_REQUEST", startUs: 0, endUs: 5 });
  await plant.coordinator.idle();
  const live = rounds.all()[0]!.record;
  for (const caller of [a, b]) {
    const answer = { kind: "ready", examples: 8 };
    const message = { ...headerOf(live, caller), answer };
    await intake.answer(caller, live.round, await signEnvelope("answer", message, caller.key));
  }
  return [plant, a];
}

const headerOf = (
  {
    plan,
    planHash,
    attempt,
  }: { plan: { fleet: string; round: string }; planHash: string; attempt: number },
  { device }: MemoryDevice,
) => ({ format: 1, fleet: plan.fleet, round: plan.round, attempt, plan: planHash, device });

test("a payload that is refused leaves nothing behind", async () => {
  const [plant, a] = await training();
  const { intake, rounds } = plant.coordinator;
  const { record } = rounds.all()[0]!;
  const bad = encodeSafetensors(new Map([["w", f32([Number.NaN, 0])]]));
  const { sha256, bytes } = await plant.ports.updates.put(bad);
  const update = {
    ...headerOf(record, a),
    base: record.plan.base.sha256,
    payload: { sha256, bytes },
    examples: 8,
  };
  await intake.announce(a, record.round, await signEnvelope("update", update, a.key));
  const announced = await intake.expect(a, sha256);
  async function* content() {
    yield await Promise.resolve(bad);
  }
  const refused = intake.deliver(announced, content());
  expect(await refused.then(() => "TAKEN", codeOf)).toBe("UPDATE_NOT_FINITE");
  expect(await plant.ports.updates.has(sha256)).toBe(false);
  const again = intake.expect(a, sha256).catch((error: unknown) => error);
  expect(hasCode(await again, "UPDATE_NOT_ANNOUNCED")).toBe(true);
});

test("a device cannot promise more examples than the plan allows", async () => {
  const plant = await memoryCoordinator();
  const [a] = [await plant.enrol("a"), await plant.enrol("b")];
  const { policy, intake, rounds } = plant.coordinator;
  await policy.request({ reason: "OPERATOR_REQUEST", startUs: 0, endUs: 5 });
  await plant.coordinator.idle();
  const { record } = rounds.all()[0]!;
  const answer = { kind: "ready", examples: 11 };
  const envelope = await signEnvelope("answer", { ...headerOf(record, a), answer }, a.key);
  const refused = intake.answer(a, record.round, envelope);
  expect(await refused.then(() => "TAKEN", codeOf)).toBe("EXAMPLES_EXCEEDED");
});

test("nobody else can deliver what was announced", async () => {
  const [plant, a] = await training();
  const stranger = { ...a, device: "b" as never };
  const hash = parseSha256("0".repeat(64));
  const refused = plant.coordinator.intake.expect(stranger, hash);
  expect(await refused.then(() => "TAKEN", codeOf)).toBe("UPDATE_NOT_ANNOUNCED");
});
