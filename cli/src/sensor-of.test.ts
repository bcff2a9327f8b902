import { expect, test } from "vitest";
import { sensorOf } from "./sensor-of.ts";

test("one sensor needs no name, several do", () => {
  const sensors = ["a", "b"].map((sensor) => ({ sensor }));
  expect(sensorOf({ sensors: sensors.slice(0, 1) }, undefined)).toBe("a");
  expect(sensorOf({ sensors }, "b")).toBe("b");
  expect(() => sensorOf({ sensors }, undefined)).toThrow("--sensor is one of a, b");
  expect(() => sensorOf({ sensors }, "c")).toThrow("--sensor is one of a, b");
});
