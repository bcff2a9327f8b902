import { codeOf, parseName } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { rolloutName } from "./rollout-office.ts";
import { memoryCoordinator, memorySettings } from "./testing.ts";

const releases = [1, 2].map((version) => ({
  version,
  target: `rounds/toys/${version}.json`,
  manifestSha256: String(version).repeat(64) as never,
}));
const active = { kind: "active", health: {} } as const;

test("a late joiner gets each release in turn, since each builds on its parent", async () => {
  const plant = await memoryCoordinator();
  const { rollouts } = plant.coordinator;
  const a = await plant.enrol("a");
  const report = (version: number, device = a.device) =>
    rollouts.reported({
      format: 1,
      fleet: memorySettings.fleet,
      rollout: rolloutName(memorySettings.line, version),
      device,
      outcome: active,
    });
  for (const release of releases) {
    await rollouts.start(release);
    await rollouts.start(release);
    expect(rollouts.workOf(a.device)).toEqual([
      { kind: "rollout", id: `toys-v${release.version}` },
    ]);
    await report(release.version);
  }
  const b = await plant.enrol("b");
  expect(rollouts.workOf(b.device)).toEqual([{ kind: "rollout", id: "toys-v1" }]);
  await report(1, b.device);
  expect(rollouts.workOf(b.device)).toEqual([{ kind: "rollout", id: "toys-v2" }]);
});

test("an order is signed for whose turn it is, and reports of others are refused", async () => {
  const plant = await memoryCoordinator();
  const { rollouts } = plant.coordinator;
  const devices = [await plant.enrol("a"), await plant.enrol("b")];
  const rollout = await rollouts.start(releases[0]!);
  const [due, other] = devices
    .map(({ device }) => device)
    .toSorted((x, y) => rollouts.workOf(y).length - rollouts.workOf(x).length);
  expect(rollouts.orderFor(rollout, due!)).toMatchObject({
    device: due,
    release: { line: "toys", target: "rounds/toys/1.json" },
  });
  const codeFor = (call: () => unknown): string => {
    try {
      call();
      return "GIVEN";
    } catch (error) {
      return codeOf(error);
    }
  };
  expect(codeFor(() => rollouts.orderFor(rollout, other!))).toBe("ROLLOUT_NOT_DUE");
  expect(codeFor(() => rollouts.orderFor(parseName("x"), due!))).toBe("ROLLOUT_UNKNOWN");
  const early = rollouts.reported({
    format: 1,
    fleet: memorySettings.fleet,
    rollout,
    device: other!,
    outcome: active,
  });
  expect(await early.then(() => "TAKEN", codeOf)).toBe("ROLLOUT_NOT_DUE");
});

test("a rollout goes on where it was after a restart; a silent canary gets company", async () => {
  const before = await memoryCoordinator();
  const devices = [await before.enrol("a"), await before.enrol("b")];
  await before.coordinator.rollouts.start(releases[0]!);
  const plant = await before.again();
  const { rollouts } = plant.coordinator;
  const count = () => devices.filter(({ device }) => rollouts.workOf(device).length > 0).length;
  expect(count()).toBe(1);
  await plant.clock.advance(1500);
  await rollouts.tick();
  expect(count()).toBe(2);
});
