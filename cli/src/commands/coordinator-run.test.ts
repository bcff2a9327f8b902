import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { roundPlant } from "@edgeloop/cloud-sync/testing";
import { expect, test, vi } from "vitest";
import { temporary, testContext } from "../testing.ts";
import { run } from "./coordinator-run.ts";

test("a coordinator says where it listens, and ends when it is told to", async () => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const directory = temporary();
  const file = join(directory, "coordinator.yaml");
  writeFileSync(file, JSON.stringify((await roundPlant(directory)).config));
  const context = testContext();
  const running = run(
    {
      ...context,
      say(line) {
        context.say(line);
        context.stop();
      },
    },
    [file],
    {},
  );
  expect(await running).toEqual({ format: 1, fleet: "plant" });
  expect(context.said[0]).toMatch(/^coordinator of plant: http:\/\/127\.0\.0\.1:\d+, broker mqtt:/);
  vi.restoreAllMocks();
});

test("a wrong field is named with file and line", async () => {
  const file = join(temporary(), "coordinator.yaml");
  writeFileSync(file, "format: 1\nfleet: Plant!\n");
  await expect(run(testContext(), [file], {})).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(/coordinator\.yaml:2: fleet/),
  });
});
