import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import type { Clock, Name } from "@edgeloop/core/platform";
import { EdgeloopError, parseName, sha256, utf8 } from "@edgeloop/core/platform";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { CampaignSpec } from "../campaign-events.ts";
import type { Coordinator } from "../coordinator.ts";
import type { CoordinatorNotice } from "../coordinator-ports.ts";
import { statusOf } from "../coordinator-status.ts";
import { parseObject } from "../dsse.ts";
import { createEnrolmentToken } from "../enrolment-token.ts";
import type { SigningKey } from "../keys.ts";
import { planSchemas } from "../plan.ts";
import { parseWire, wire } from "../wire-schema.ts";
import type { Broker } from "./broker.ts";
import { bodyOf, sendJson } from "./http-server.ts";
import type { CoordinatorMetrics } from "./metrics.ts";
import type { Registry } from "./registry.ts";

/** What the operator's routes need. */
export type AdminRouteOptions = {
  readonly coordinator: Coordinator;
  readonly broker: Broker;
  readonly registry: Registry;
  readonly metrics: CoordinatorMetrics;
  readonly clock: Clock;
  readonly key: SigningKey;
  readonly fleet: Name;
  /** Address that enrolment tokens name. */
  readonly publicUrl: string;
  readonly operatorToken: string;
};

type CampaignRequest = {
  readonly startUs: number;
  readonly endUs: number;
  readonly rounds?: number;
  readonly training?: CampaignSpec["training"];
};
type TokenRequest = { readonly lifetimeS: number };

const campaignSchema = z.strictObject({
  startUs: wire.timeUs,
  endUs: wire.timeUs,
  rounds: wire.positive.exactOptional(),
  training: planSchemas.training.exactOptional(),
}) satisfies z.ZodType<CampaignRequest>;
const tokenSchema = z.strictObject({
  lifetimeS: z
    .int()
    .min(1)
    .max(7 * 24 * 3600),
}) satisfies z.ZodType<TokenRequest>;

/** Adds the operator's routes, `/metrics` and `/healthz`; for a server on loopback. */
export function addAdminRoutes(app: FastifyInstance, options: AdminRouteOptions): void {
  const { coordinator, broker, metrics, clock } = options;
  app.get("/healthz", (_request, reply) => sendJson(reply, { status: "ok" }));
  app.get("/metrics", async (_request, reply) => {
    metrics.devicesOnline(broker.connected().length);
    return reply.type(metrics.contentType).send(await metrics.text());
  });
  app.addHook("onRequest", async (request) => {
    if (request.url.startsWith("/v1/admin/")) await checkOperator(request, options.operatorToken);
  });
  app.get("/v1/admin/status", async (_request, reply) =>
    sendJson(reply, await statusOf(coordinator, broker.connected())),
  );
  app.get("/v1/admin/devices", async (_request, reply) =>
    sendJson(reply, { devices: (await statusOf(coordinator, broker.connected())).devices }),
  );
  app.get("/v1/admin/rounds", async (_request, reply) =>
    sendJson(reply, { rounds: (await statusOf(coordinator, broker.connected())).rounds }),
  );
  app.post("/v1/admin/tokens", async (request, reply) => {
    const { lifetimeS } = parseWire("token", tokenSchema, parseObject(bodyOf(request)));
    const { token, record } = await newToken(options, clock.nowUs() + lifetimeS * 1e6);
    await coordinator.ledger.addToken(record);
    return sendJson(reply, { token }, 201);
  });
  app.post("/v1/admin/campaigns", async (request, reply) => {
    const { startUs, endUs, ...changes } = parseWire(
      "campaign",
      campaignSchema,
      parseObject(bodyOf(request)),
    );
    const trigger = { reason: "OPERATOR_REQUEST", startUs, endUs };
    return sendJson(reply, { campaign: await coordinator.policy.request(trigger, changes) }, 201);
  });
  app.post("/v1/admin/campaigns/:id/approve", async (request, reply) => {
    await coordinator.campaigns.approve(idOf(request));
    return sendJson(reply, {});
  });
  app.post("/v1/admin/campaigns/:id/abort", async (request, reply) => {
    await coordinator.abort(idOf(request));
    return sendJson(reply, {});
  });
  app.post("/v1/admin/devices/:id/revoke", async (request, reply) => {
    const device = idOf(request);
    await coordinator.revoke(device, "OPERATOR_REQUEST");
    broker.drop(device);
    return sendJson(reply, {});
  });
  app.get("/v1/admin/events", (request, reply) => streamNotices(request, reply, coordinator));
}

const idOf = (request: FastifyRequest): Name =>
  parseName((request.params as Readonly<Record<string, string>>)["id"]);

async function newToken(
  { registry, key, fleet, publicUrl }: AdminRouteOptions,
  expiresUs: number,
): ReturnType<typeof createEnrolmentToken> {
  const root = registry.root();
  if (root === undefined) {
    throw new EdgeloopError("ENROLMENT_ROOT_MISSING", "release a line before making tokens");
  }
  const rootSha256 = await sha256(root);
  const coordinatorKeyId = key.keyId;
  return await createEnrolmentToken({
    url: publicUrl,
    fleet,
    expiresUs,
    rootSha256,
    coordinatorKeyId,
  });
}

async function checkOperator(request: FastifyRequest, expected: string): Promise<void> {
  const [scheme, token] = (request.headers.authorization ?? "").split(" ");
  // Hashes have one length, so that the comparison takes one time.
  const [a, b] = await Promise.all([token ?? "", expected].map((text) => sha256(utf8(text))));
  const isEqual = timingSafeEqual(Buffer.from(String(a)), Buffer.from(String(b)));
  if (scheme === "Bearer" && isEqual) return;
  throw new EdgeloopError(
    "OPERATOR_TOKEN_INVALID",
    "expected Authorization: Bearer operator token",
  );
}

/** Sends what moves as server-sent events, until the reader leaves. WHATWG HTML, section 9.2. */
async function streamNotices(
  request: FastifyRequest,
  reply: FastifyReply,
  coordinator: Coordinator,
): Promise<void> {
  reply.hijack();
  reply.raw.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
  });
  reply.raw.write(": open\n\n");
  const stop = coordinator.watch((notice: CoordinatorNotice) => {
    reply.raw.write(`data: ${JSON.stringify(notice)}\n\n`);
  });
  await once(request.raw, "close");
  stop();
  reply.raw.end();
}
