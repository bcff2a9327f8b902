import { afterEach, expect, test, vi } from "vitest";
import type { DemoPorts } from "../demo/run.ts";
import type { DemoSettings } from "../demo/settings.ts";
import { demoDefaults } from "../demo/settings.ts";
import { exampleResult } from "../demo/testing.ts";
import { testContext } from "../testing.ts";
import { run } from "./demo.ts";

const began = vi.hoisted(() => [] as unknown[]);
vi.mock(import("../demo/run.ts"), () => ({
  runDemo: (settings: DemoSettings, { onResult }: DemoPorts) => {
    began.push(settings);
    onResult(exampleResult);
    return settings.stay ? new Promise(() => undefined) : Promise.resolve(exampleResult);
  },
}));
afterEach(() => void began.splice(0));

test.for<[Readonly<Record<string, string | boolean>>, Partial<DemoSettings>]>([
  [{}, {}],
  [{ seed: "0" }, { seed: 0 }],
  [{ gateways: "3" }, { gateways: 3 }],
  [
    { gateways: "32", stay: true },
    { gateways: 32, stay: true },
  ],
  [{ output: "elsewhere" }, { directory: "elsewhere" }],
])("%j changes of the defaults what it says", async ([options, change]) => {
  void run(testContext(), [], options);
  await Promise.resolve();
  expect(began).toEqual([{ ...demoDefaults, ...change }]);
});

test.for([{ seed: "-1" }, { seed: "x" }, { gateways: "2" }, { gateways: "33" }, { seed: "1.5" }])(
  "%j is wrong usage, and nothing starts",
  async (options) => {
    await expect(run(testContext(), [], options)).rejects.toMatchObject({ code: "USAGE" });
    expect(began).toEqual([]);
  },
);

test("the result is returned whole, and said as a table that ends with the report's place", async () => {
  const context = testContext();
  expect(await run(context, [], { output: "out" })).toBe(exampleResult);
  expect(context.said.at(-1)).toBe("report: out/report.html");
  expect(context.said[0]).toMatch(/^macro-F1 of version 1, before the change +≥ 0\.95 +0\.9876 /);
  const columns = context.said.slice(0, -1).map((line) => line.search(/≥ 0\.9|< 0\.8/));
  expect(new Set(columns.filter((at) => at >= 0)).size).toBe(1);
  expect(context.said).toContain("update             up       10240     10240");
  for (const line of context.said) expect(line.length, line).toBeLessThanOrEqual(100);
});

test("a fleet that stays does not keep the table waiting", async () => {
  const context = testContext();
  void run(context, [], { stay: true });
  await vi.waitFor(() => expect(context.said.at(-1)).toMatch(/^report: /));
});
