import type { Clock, Log, Name } from "@edgeloop/core/platform";
import { codeOf, EdgeloopError, toWireError } from "@edgeloop/core/platform";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { fastify } from "fastify";
import { envelopeBytesMax } from "../dsse.ts";
import { httpStatus } from "../http-status.ts";
import { verifyJwt } from "../jwt.ts";
import type { VerifyKey } from "../keys.ts";
import type { Caller } from "../round-intake.ts";
import { mqttAudience } from "../topics.ts";
import type { Listen } from "./listen.ts";
import { checkListen } from "./listen.ts";
import type { CoordinatorMetrics } from "./metrics.ts";

/** What every HTTP server of the coordinator needs. */
export type HttpServerOptions = {
  readonly listen: Listen;
  readonly log: Log;
  readonly metrics: CoordinatorMetrics;
};

/** Content type of a signed message. */
export const envelopeType = "application/vnd.dsse.envelope.v1+json";

/**
 * Makes a server whose bodies are raw bytes and whose errors are `{ code, message, details }`.
 *
 * @throws `CONNECTION_INSECURE` when it would listen in plain text off loopback.
 */
export function httpServer({ listen, log, metrics }: HttpServerOptions): FastifyInstance {
  checkListen(listen);
  const app: FastifyInstance = fastify({
    bodyLimit: envelopeBytesMax,
    forceCloseConnections: true,
    requestTimeout: 120_000,
    ...(listen.tls
      ? { https: { cert: Buffer.from(listen.tls.cert), key: Buffer.from(listen.tls.key) } }
      : {}),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  // Updates are streamed to disk, never held in memory whole.
  app.addContentTypeParser("application/octet-stream", (_request, _body, done) => done(null));
  app.setErrorHandler((error, request, reply) => {
    const status = httpStatus(error);
    metrics.refused(codeOf(error));
    if (status >= 500) log.error("request failed", { path: request.url, ...toWireError(error) });
    reply
      .code(status)
      .type("application/json")
      .send(JSON.stringify(toWireError(error)));
  });
  app.setNotFoundHandler((_request, reply) => {
    reply
      .code(404)
      .type("application/json")
      .send(JSON.stringify({ code: "ROUTE_UNKNOWN", message: "there is no such route" }));
  });
  app.addHook("onResponse", (request, reply, done) => {
    metrics.answered(request.routeOptions.url ?? "", reply.statusCode);
    done();
  });
  return app;
}

/** Starts listening; returns the port. */
export async function startServer(app: FastifyInstance, { host, port }: Listen): Promise<number> {
  await app.listen({ host, port });
  const address = app.server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/** How a device's token is verified. */
export type DeviceAuthentication = {
  readonly fleet: Name;
  readonly clock: Clock;
  readonly keyOf: (device: Name) => Promise<VerifyKey | undefined>;
};

/**
 * Verifies a request's bearer token.
 *
 * @throws `JWT_MALFORMED`, `JWT_DEVICE_UNKNOWN`, `JWT_EXPIRED`, `JWT_SIGNATURE_INVALID`, `DEVICE_REVOKED`, …
 */
export async function callerOf(
  request: FastifyRequest,
  { fleet, clock, keyOf }: DeviceAuthentication,
): Promise<Caller> {
  const [scheme, token] = (request.headers.authorization ?? "").split(" ");
  if (scheme !== "Bearer" || token === undefined) {
    throw new EdgeloopError("JWT_MALFORMED", "expected Authorization: Bearer and a device's token");
  }
  let key: VerifyKey | undefined;
  const { device } = await verifyJwt(token, {
    audience: mqttAudience(fleet),
    clock,
    keyOf: async (claimed) => {
      key = await keyOf(claimed);
      return key;
    },
  });
  if (key === undefined) throw new EdgeloopError("JWT_DEVICE_UNKNOWN", "enrol the device first");
  return { device, key };
}

/** The body's bytes; none for a request without a body. */
export const bodyOf = (request: FastifyRequest): Uint8Array =>
  request.body instanceof Uint8Array ? request.body : new Uint8Array();

/** Sends a signed message. */
export function sendEnvelope(reply: FastifyReply, envelope: Uint8Array): FastifyReply {
  return reply.type(envelopeType).send(Buffer.from(envelope));
}

/** Sends JSON; by hand, so that no schema compiler drops a field. */
export function sendJson(reply: FastifyReply, value: object, status = 200): FastifyReply {
  return reply.code(status).type("application/json").send(JSON.stringify(value));
}
