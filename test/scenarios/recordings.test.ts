import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@edgeloop/core/platform/node";
import { openSession } from "@edgeloop/core/runtime";
import type { TrainPorts } from "@edgeloop/models";
import { examplesOf, isWeight } from "@edgeloop/models";
import { expect, onTestFinished, test } from "vitest";
import { childrenOf } from "../../cli/src/demo/fleet/learner-watch.ts";
import { federate } from "../../cli/src/demo/recordings/federate.ts";
import { accuracyOf, heldWindows, tested } from "../../cli/src/demo/recordings/fold.ts";
import { macroF1Of } from "../../cli/src/demo/recordings/macro-f1.ts";
import { readReleased } from "../../cli/src/demo/recordings/released-model.ts";
import type { RecordingsResult } from "../../cli/src/demo/recordings/result.ts";
import { openStudy } from "../../cli/src/demo/recordings/study.ts";
import {
  recordPeople,
  studySettings,
  writeProblem,
} from "../../cli/src/demo/recordings/testing.ts";

const main = join(import.meta.dirname, "..", "..", "cli", "src", "main.ts");
const ports: TrainPorts = {
  open: (graph) => openSession(graph, { backend: "wasm", threads: 1 }),
  clock: systemClock,
};

/** Runs a command; `onSaid` hears all that it has said so far, whenever that is more. */
function edgeloop(
  words: readonly string[],
  onSaid: (said: string, pid: number) => void = () => undefined,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const args = ["--conditions=@edgeloop/source", main, ...words, "--json"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    onTestFinished(() => void child.kill("SIGTERM"));
    let [out, said] = ["", ""];
    child.stdout.on("data", (chunk) => {
      out += String(chunk);
    });
    child.stderr.on("data", (chunk) => {
      said += String(chunk);
      onSaid(said, child.pid ?? 0);
    });
    child.on("close", (code) =>
      code === 0 ? resolve(JSON.parse(out)) : reject(new Error(`exit ${code}: ${said}`)),
    );
  });
}

test("rounds over real processes give the bits of rounds without processes, and nothing raw crosses", async () => {
  const directory = mkdtempSync(join(tmpdir(), "edgeloop-recordings-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  await recordPeople(join(directory, "data"), ["ann", "bob", "cem", "dia", "eva", "fay"]);
  const problem = await writeProblem(directory);
  const out = join(directory, "out");
  const result = (await edgeloop([
    ...["demo", "--recordings", join(directory, "data"), "--group-by", "person"],
    ...["--problem", problem, "--folds", "2", "--rounds", "3", "--backend", "wasm", "-o", out],
  ])) as RecordingsResult;
  expect(result).toMatchObject({ format: 1, rawBytesCrossed: 0, rounds: 3 });
  expect(result.leaks).toMatchObject({ samples: 0, plantedLabels: 0 });
  expect(result.folds.map(({ live }) => live)).toEqual([true, false]);
  const report = readFileSync(join(out, "report.html"), "utf8");
  expect(report).toContain("</html>");
  // Nobody asked for the rounds: the policy counted labels.
  expect(report).toContain("policy start");
  expect(result).toMatchObject({ macroF1: { changed: null }, accidentsSurvived: 0 });
  expect(result.latencyMs.windows.idle).toBeGreaterThan(20);
  expect(result.latencyMs.p99).toBeGreaterThan(0);

  const settings = studySettings(join(directory, "data"), { problem });
  const [fold] = (await openStudy(settings, ports)).folds;
  if (fold === undefined) throw new Error("no fold");
  const registry = join(out, "coordinator", "registry");
  const [first, last] = await Promise.all(
    result.releases.map(({ manifest }) => readReleased(registry, manifest)),
  );
  if (first === undefined || last === undefined) throw new Error("two releases were expected");
  const expected = await federate(
    {
      problem: fold.problem,
      start: first.float,
      devices: fold.cast.field.map((name) => examplesOf(fold.field, (group) => group === name)),
      ...{ ...settings.rounds, rounds: 3 },
      seed: fold.problem.training.seed,
    },
    ports,
  );
  for (const [name, tensor] of expected.initializers) {
    if (isWeight(name)) expect(last.float.initializers.get(name)).toEqual(tensor);
  }
  // The figure is what anybody measures with the released bundle on the people held out.
  const federated = await accuracyOf(last.float, heldWindows(fold), ports);
  expect(result.folds[0]?.federated).toBe(federated);
  const graphs = { released: first.int8, recovered: last.int8 };
  expect(result.folds[0]?.macroF1).toEqual(await macroF1Of({ ...tested(fold), ...graphs }, ports));
  expect(fold.cast.field.length).toBe(2);
});

test.runIf(process.platform === "linux")(
  "a gateway that dies while rounds run ends the command with its name and its last words",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "edgeloop-recordings-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    await recordPeople(join(directory, "data"), ["ann", "bob", "cem"], 2);
    const problem = await writeProblem(directory);
    let killed = 0;
    const running = edgeloop(
      [
        ...["demo", "--recordings", join(directory, "data"), "--group-by", "person"],
        ...["--problem", problem, "--folds", "3", "--rounds", "50", "--backend", "wasm"],
        ...["-o", join(directory, "out")],
      ],
      (said, pid) => {
        const gateway = childrenOf(pid).find(isGateway);
        if (killed > 0 || gateway === undefined || !said.includes("/1 released")) return;
        killed = gateway;
        process.kill(gateway, "SIGKILL");
      },
    );
    await expect(running).rejects.toThrow(/DAEMON_ENDED.*ended with SIGKILL/s);
    expect(killed).toBeGreaterThan(0);
  },
);

const isGateway = (pid: number): boolean =>
  readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes("gateway");
