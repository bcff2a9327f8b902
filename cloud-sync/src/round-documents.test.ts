import { codeOf, parseName, sha256 } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { openEnvelope, parseObject } from "./dsse.ts";
import { parsePlan } from "./plan.ts";
import { parseOffer } from "./round-messages.ts";
import { memoryCoordinator } from "./testing.ts";

test("offer and plan are signed by the coordinator and name each other", async () => {
  const plant = await memoryCoordinator();
  const [a] = [await plant.enrol("a"), await plant.enrol("b")];
  await plant.coordinator.policy.request({ reason: "OPERATOR_REQUEST", startUs: 0, endUs: 5 });
  await plant.coordinator.idle();
  const { documents } = plant.coordinator;
  const round = parseName("c1-r1");
  const open = async (kind: string, envelope: Uint8Array) =>
    (await openEnvelope(envelope, kind, [plant.ports.key])).payload;
  const plan = await open("plan", await documents.plan(a.device, round));
  const offer = parseOffer(
    parseObject(await open("offer", await documents.offer(a.device, round))),
  );
  expect(offer).toMatchObject({ device: "a", round, plan: await sha256(plan) });
  expect(parsePlan(parseObject(plan)).round).toBe(round);
});

test("nothing is handed out to whom it is not due", async () => {
  const plant = await memoryCoordinator();
  const devices = [await plant.enrol("a"), await plant.enrol("b")];
  await plant.coordinator.policy.request({ reason: "OPERATOR_REQUEST", startUs: 0, endUs: 5 });
  await plant.coordinator.idle();
  const { documents } = plant.coordinator;
  const [a, stranger, round] = [devices[0]!.device, parseName("x"), parseName("c1-r1")];
  const codes = await Promise.all(
    [
      documents.offer(stranger, round),
      documents.plan(stranger, round),
      documents.calibrationTask(a, round),
      documents.evaluationTask(a, round),
      documents.offer(a, parseName("c9-r9")),
    ].map((document) => document.then(() => "GIVEN", codeOf)),
  );
  expect(codes).toEqual([
    "WORK_NOT_DUE",
    "WORK_NOT_DUE",
    "WORK_NOT_DUE",
    "WORK_NOT_DUE",
    "ROUND_UNKNOWN",
  ]);
});
