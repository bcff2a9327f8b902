import fc from "fast-check";
import { expect, test } from "vitest";
import { plantPump, plantSchedule, plantSegments } from "./plant.ts";

const times = { startUs: 0, changeUs: 20_000_000, endUs: 50_000_000, segmentUs: 3_000_000 };

test("segments follow each other without gap or overlap and none straddles the change", () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(40), (seed, index) => {
      const segments = plantSchedule(plantPump(seed, index), times);
      segments.forEach((segment, at) => {
        expect(segment.startUs).toBe(segments[at - 1]?.endUs ?? times.startUs);
        expect(segment.endUs <= times.changeUs || segment.startUs >= times.changeUs).toBe(true);
      });
      expect(segments.at(-1)?.endUs).toBe(times.endUs);
    }),
  );
});

test("every cycle of four segments shows every state once", () => {
  const segments = plantSchedule(plantPump(3, 2), { ...times, changeUs: times.endUs });
  for (let at = 0; at + 4 <= segments.length; at += 4) {
    expect(new Set(segments.slice(at, at + 4).map((segment) => segment.state)).size).toBe(4);
  }
});

test("no two pumps of a plant share speed, gain or mounting, and the seed decides all", () => {
  const plant = Array.from({ length: 20 }, (_, index) => plantPump(11, index));
  expect(new Set(plant.map(({ pump }) => pump.gain)).size).toBe(20);
  expect(new Set(plant.map(({ before }) => before.speedHz)).size).toBe(20);
  expect(plantPump(11, 4)).toEqual(plant[4]);
});

test("a life without an end goes on as the schedule began, whatever the schedule's end", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), (seed, seconds) => {
      const plant = plantPump(seed, 0);
      const endUs = seconds * 1_000_000;
      const cut = plantSchedule(plant, { ...times, endUs });
      const whole = plantSegments(plant, times).take(cut.length).toArray();
      expect(cut.slice(0, -1)).toEqual(whole.slice(0, -1));
      expect(cut.at(-1)).toEqual({ ...whole.at(-1), endUs });
    }),
  );
});
