import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf, EdgeloopError, silentLog } from "@edgeloop/core/platform";
import { afterEach, beforeEach, expect, test } from "vitest";
import { roundPlant } from "../testing.ts";
import { readCoordinatorConfig, runCoordinator } from "./run-coordinator.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "edgeloop-run-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const stopped = new AbortController().signal;
const yaml = `format: 1
fleet: plant
line: toys
data: state
registry: ../registry
key: online.json
http: { port: 0 }
mqtt: { port: 0 }
admin: { port: 0, tokenFile: operator.token }
`;

test("paths are relative to the file, and a file that is missing is said to be", async () => {
  const path = join(directory, "coordinator.yaml");
  await writeFile(path, yaml);
  const config = await readCoordinatorConfig(path);
  expect(config).toMatchObject({
    data: join(directory, "state"),
    registry: join(directory, "..", "registry"),
    admin: { tokenFile: join(directory, "operator.token") },
  });
  const missing = readCoordinatorConfig(join(directory, "none.yaml"));
  expect(await missing.then(() => "READ", codeOf)).toBe("CONFIG_INVALID");
});

test("the policy is that of the problem file which coordinator.yaml names", async () => {
  const path = join(directory, "coordinator.yaml");
  await writeFile(path, `${yaml}problem: edgeloop.yaml\n`);
  const problem = (text: string): Promise<void> =>
    writeFile(join(directory, "edgeloop.yaml"), text);
  await problem("format: 1\nname: toys\nloop: { rounds: 7, approve: operator }\n");
  const config = await readCoordinatorConfig(path);
  expect(config).toMatchObject({ loop: { rounds: 7, approve: "operator", coolDownS: 3600 } });
  expect(config).not.toHaveProperty("problem");
  for (const [text, place] of [
    ["format: 1\nname: toys\nloop: { rounds: 0 }\n", "edgeloop.yaml:3: loop.rounds"],
    ["format: 1\nname: toys\n", "edgeloop.yaml:1: loop: expected the policy"],
  ] as const) {
    await problem(text);
    await expect(readCoordinatorConfig(path)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(place),
    });
  }
  await rm(join(directory, "edgeloop.yaml"));
  await expect(readCoordinatorConfig(path)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("edgeloop.yaml"),
  });
});

test("it listens, stops when told, and starts again over the same directory", async () => {
  const plant = await roundPlant(directory);
  const first = await plant.start();
  const { addresses } = first;
  expect((await fetch(`${addresses.url}/healthz`)).status).toBe(200);
  await first.stop();
  await expect(fetch(`${addresses.url}/healthz`)).rejects.toThrow();
  const second = await plant.start();
  expect(second.addresses).toEqual(addresses);
  await second.stop();
});

test("whatever ends it closes all that it opened, without being told to stop", async () => {
  const { config } = await roundPlant(directory);
  let url = "";
  const run = runCoordinator(
    config,
    {
      log: silentLog,
      ready: (addresses) => {
        url = addresses.url;
        throw new EdgeloopError("STORE_FAILED", "the store is gone");
      },
    },
    stopped,
  );
  expect(await run.then(() => "RAN", codeOf)).toBe("STORE_FAILED");
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});

test("a port that is taken leaves nothing open: freed, the same ports serve", async () => {
  const plant = await roundPlant(directory);
  const first = await plant.start();
  await first.stop();
  const taken = createServer();
  await new Promise<void>((resolve) => {
    taken.listen(plant.config.admin.port, "127.0.0.1", resolve);
  });
  expect(await plant.start().then(() => "RAN", codeOf)).toBe("EADDRINUSE");
  await new Promise((resolve) => {
    taken.close(resolve);
  });
  const second = await plant.start();
  expect(second.addresses).toEqual(first.addresses);
  await second.stop();
});

test.for([
  [{ http: { host: "0.0.0.0", port: 0 } }, "CONNECTION_INSECURE"],
  [{ key: "/nowhere/online.json" }, "KEY_FILE_MISSING"],
  [{ admin: { port: 0, tokenFile: "/nowhere/token" } }, "CONFIG_INVALID"],
] as const)("it does not start with %o", async ([change, code]) => {
  const { config } = await roundPlant(directory);
  const run = runCoordinator({ ...config, ...change }, { log: silentLog }, stopped);
  expect(await run.then(() => "RAN", codeOf)).toBe(code);
});
