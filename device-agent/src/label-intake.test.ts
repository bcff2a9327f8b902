import type { Refusal } from "@edgeloop/core/data";
import { EdgeloopError, utf8, virtualClock } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { labelIntake } from "./label-intake.ts";
import type { LabelMessage } from "./label-message.ts";
import { memoryMeter } from "./meter.ts";

function setUp(fails?: string) {
  const stored: LabelMessage[] = [];
  const refused: Refusal[] = [];
  const announced: LabelMessage[] = [];
  let full = false;
  const meter = memoryMeter();
  const take = labelIntake({
    sensors: new Set(["vibration"]),
    learning: {
      label: (message) => {
        if (fails !== undefined) return Promise.reject(new EdgeloopError(fails, "told to fail"));
        stored.push(message);
        return Promise.resolve();
      },
    },
    disk: {
      noticeFull: () => {
        full = true;
      },
    },
    quarantine: { add: (_sensor, refusal) => refused.push(refusal) },
    meter,
    clock: virtualClock(),
    onStored: (message) => announced.push(message),
  });
  return { stored, refused, announced, isFull: () => full, meter, take };
}

const label = (sensor: string) =>
  utf8(JSON.stringify({ sensor, startUs: 0, endUs: 9, label: "bearing", by: "anna" }));

test("a label is announced only after it was stored", async () => {
  const { announced, meter, stored, take } = setUp();
  await take(label("vibration"));
  expect(stored).toHaveLength(1);
  expect(announced).toEqual(stored);
  expect(meter.read("labels")).toBe(1);
});

test.for([
  ["a sensor of somebody else", label("other"), "LABEL_SENSOR_UNKNOWN"],
  ["no label at all", utf8("hello"), "LABEL_INVALID"],
] as const)("%s is quarantined and acknowledged", async ([, payload, code]) => {
  const { refused, stored, take } = setUp();
  await take(payload);
  expect(stored).toEqual([]);
  expect(refused).toMatchObject([{ code, payload }]);
});

test("a full disk leaves the label unacknowledged and is noticed", async () => {
  const { announced, isFull, take } = setUp("STORE_FULL");
  await expect(take(label("vibration"))).rejects.toMatchObject({ code: "STORE_FULL" });
  expect([announced.length, isFull()]).toEqual([0, true]);
});

test("a label that finds no room among those that wait is not acknowledged, and is counted", async () => {
  const { announced, isFull, meter, take } = setUp("LABELS_FULL");
  await expect(take(label("vibration"))).rejects.toMatchObject({ code: "LABELS_FULL" });
  expect([announced.length, isFull()]).toEqual([0, false]);
  expect(meter.read("refused", ["labels", "LABELS_FULL"])).toBe(1);
});
