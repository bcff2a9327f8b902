import type { Log } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";
import { fastify } from "fastify";
import type { Health } from "../health.ts";
import type { PromMeter } from "./prom-meter.ts";

/** The gateway's HTTP server. */
export type HttpServer = {
  /** Such as `http://127.0.0.1:9464`. */
  readonly url: string;
  close(): Promise<void>;
};

/**
 * Serves `/metrics` for Prometheus and `/healthz` for supervisors (503 once the gateway has to be started again).
 *
 * @throws `HTTP_UNAVAILABLE` when the address is taken.
 */
export async function openHttp({
  host,
  port,
  meter,
  health,
  log,
}: {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly meter: PromMeter;
  readonly health: () => Health;
  readonly log: Log;
}): Promise<HttpServer> {
  const server = fastify({ bodyLimit: 1024, forceCloseConnections: true });
  server.get("/metrics", async (_request, reply) =>
    reply.type(meter.contentType).send(await meter.text()),
  );
  server.get("/healthz", (_request, reply) => {
    const state = health();
    return reply.code(state.status === "failed" ? 503 : 200).send(state);
  });
  try {
    const url = await server.listen({ host, port });
    log.info("http-listening", { url });
    return { url, close: () => server.close() };
  } catch (error) {
    throw unavailable(host, port, error);
  }
}

const unavailable = (host: string, port: number, cause: unknown): EdgeloopError =>
  new EdgeloopError("HTTP_UNAVAILABLE", `cannot listen on ${host}:${port}`, {
    details: { host, port },
    cause,
  });
