import { EdgeloopError, parseName, silentLog } from "@edgeloop/core/platform";
import { systemClock } from "@edgeloop/core/platform/node";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mintJwt } from "../jwt.ts";
import { generateKey } from "../keys.ts";
import { bodyOf, callerOf, httpServer, startServer } from "./http-server.ts";
import { coordinatorMetrics } from "./metrics.ts";

const listen = { host: "127.0.0.1", port: 0 };
const server = (host = listen.host): FastifyInstance =>
  httpServer({ listen: { host, port: 0 }, log: silentLog, metrics: coordinatorMetrics() });
let app: FastifyInstance;
let url: string;
beforeEach(async () => {
  app = server();
  app.put("/echo", (request, reply) => reply.send(Buffer.from(bodyOf(request))));
  app.get("/refuse", () => {
    throw new EdgeloopError("ROUND_CLOSED", "too late", { details: { round: "r1" } });
  });
  app.get("/break", () => {
    throw new Error("a bug");
  });
  url = `http://127.0.0.1:${await startServer(app, listen)}`;
});
afterEach(() => app.close());

test("bodies are raw bytes, whatever they claim to be", async () => {
  const body = '{"__proto__": 1';
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/echo`, { method: "PUT", body, headers });
  expect(await response.text()).toBe(body);
});

test("an error is its code, message and details, with a status", async () => {
  const refused = await fetch(`${url}/refuse`);
  expect([refused.status, await refused.json()]).toEqual([
    409,
    { code: "ROUND_CLOSED", message: "too late", details: { round: "r1" } },
  ]);
  const broken = await fetch(`${url}/break`);
  expect([broken.status, await broken.json()]).toMatchObject([500, { code: "UNKNOWN" }]);
  expect((await fetch(`${url}/nowhere`)).status).toBe(404);
});

test("plain text off loopback is refused before anything listens", () => {
  for (const host of ["0.0.0.0", "::", "192.168.1.4", "plant.example"]) {
    expect(() => server(host)).toThrow(expect.objectContaining({ code: "CONNECTION_INSECURE" }));
  }
});

test("a caller is whose token it is, and nobody without one", async () => {
  const [key, device, fleet] = [await generateKey(), parseName("d1"), parseName("plant")];
  const authentication = { fleet, clock: systemClock, keyOf: () => Promise.resolve(key) };
  const audience = "edgeloop/plant";
  const token = await mintJwt({ key, device, audience, clock: systemClock });
  const request = (authorization?: string) =>
    ({ headers: authorization === undefined ? {} : { authorization } }) as FastifyRequest;
  expect((await callerOf(request(`Bearer ${token}`), authentication)).device).toBe(device);
  for (const bad of [undefined, token, `Basic ${token}`, "Bearer ", "Bearer x.y.z"]) {
    await expect(callerOf(request(bad), authentication)).rejects.toMatchObject({
      code: "JWT_MALFORMED",
    });
  }
});
