import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporary, testCoordinator } from "../testing.ts";
import { backendsOf } from "./backends.ts";
import { freePort } from "./fleet/free-port.ts";

async function gateway(status: number, health: object) {
  const server = createServer((request, response) => {
    response.writeHead(request.url === "/healthz" ? status : 404).end(JSON.stringify(health));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { member: { httpUrl: `http://127.0.0.1:${port}` } };
}

async function plantThatTrainsOn(backend: string) {
  const directory = temporary();
  const config = JSON.parse(readFileSync((await testCoordinator()).file, "utf8"));
  const training = { ...config.training, backend };
  writeFileSync(join(directory, "coordinator.yaml"), JSON.stringify({ ...config, training }));
  return { directory };
}

test("what serves is what the gateways say, what trains is what the plans pin", async () => {
  const plant = await plantThatTrainsOn("native");
  const stations = [
    await gateway(200, { model: { backend: "wasm" } }),
    await gateway(503, { model: { backend: "native" } }),
    await gateway(200, { model: { backend: "wasm" } }),
  ];
  expect(await backendsOf({ plant, stations })).toEqual({
    inference: "native, wasm",
    training: "native",
  });
});

test("a gateway that is away or serves nothing is told apart, and the rest still counts", async () => {
  const plant = await plantThatTrainsOn("wasm");
  const away = { member: { httpUrl: `http://127.0.0.1:${await freePort()}` } };
  const stations = [
    away,
    await gateway(200, {}),
    await gateway(200, { model: { backend: "wasm" } }),
  ];
  expect(await backendsOf({ plant, stations })).toEqual({
    inference: "not reported, wasm",
    training: "wasm",
  });
});
