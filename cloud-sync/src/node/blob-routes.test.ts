import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PlantDevice, RunningPlant } from "../testing.ts";
import { plantApi, roundPlant } from "../testing.ts";

let directory: string;
let plant: RunningPlant;
let device: PlantDevice;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "edgeloop-blobs-"));
  const prepared = await roundPlant(directory);
  plant = await prepared.start();
  device = await prepared.device("d1");
});
afterAll(async () => {
  await plant.stop();
  await rm(directory, { recursive: true, force: true });
});

async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  const authorization = await plantApi(plant, device).authorization();
  return await fetch(`${plant.addresses.url}${path}`, { headers: { authorization, ...headers } });
}

test("nothing is served without a device's token", async () => {
  for (const path of ["/v1/repository/metadata/timestamp.json", `/v1/blobs/${"0".repeat(64)}`]) {
    const response = await fetch(`${plant.addresses.url}${path}`);
    expect([response.status, await response.json()]).toMatchObject([
      401,
      { code: "JWT_MALFORMED" },
    ]);
  }
});

test("a download resumes at any byte, and says where it starts", async () => {
  const whole = await get("/v1/repository/metadata/1.root.json");
  const bytes = new Uint8Array(await whole.arrayBuffer());
  expect([whole.status, whole.headers.get("cache-control")]).toMatchObject([
    200,
    expect.stringContaining("immutable"),
  ]);
  const rest = await get("/v1/repository/metadata/1.root.json", { range: "bytes=10-" });
  expect(rest.status).toBe(206);
  expect(rest.headers.get("content-range")).toBe(`bytes 10-${bytes.length - 1}/${bytes.length}`);
  expect(new Uint8Array(await rest.arrayBuffer())).toEqual(bytes.slice(10));
  const past = await get("/v1/repository/metadata/1.root.json", { range: "bytes=999999-" });
  expect(past.status).toBe(416);
  const middle = await get("/v1/repository/metadata/1.root.json", { range: "bytes=1-2" });
  expect([middle.status, (await middle.arrayBuffer()).byteLength]).toEqual([200, bytes.length]);
});

test("what has no name of the repository's is not found, whatever the path", async () => {
  for (const path of [
    "/v1/repository/metadata/9.root.json",
    "/v1/repository/..%2f..%2fonline.json",
    "/v1/repository/metadata/..%2fonline.json",
    `/v1/blobs/${"0".repeat(64)}`,
  ]) {
    const response = await get(path);
    expect([path, response.status]).toEqual([path, 404]);
  }
  const bad = await get("/v1/blobs/nothing");
  expect([bad.status, await bad.json()]).toMatchObject([400, { code: "SHA256_INVALID" }]);
});

test("updates of devices lie apart from what is served", async () => {
  const places = await readdir(join(directory, "data"));
  expect(places).toEqual(expect.arrayContaining(["blobs", "updates"]));
});
