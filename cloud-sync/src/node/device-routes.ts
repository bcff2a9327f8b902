import type { Name } from "@edgeloop/core/platform";
import { EdgeloopError, parseName, parseSha256 } from "@edgeloop/core/platform";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Coordinator } from "../coordinator.ts";
import type { Caller } from "../round-intake.ts";
import type { DeviceAuthentication } from "./http-server.ts";
import { bodyOf, callerOf, sendEnvelope, sendJson } from "./http-server.ts";
import type { CoordinatorMetrics } from "./metrics.ts";

/** What the routes for devices need. */
export type DeviceRouteOptions = {
  readonly coordinator: Coordinator;
  readonly authentication: DeviceAuthentication;
  readonly metrics: CoordinatorMetrics;
};

type Place = { readonly caller: Caller; readonly id: Name; readonly body: Uint8Array };

/** Adds what devices fetch and put: work, documents of rounds, replies, updates, rollouts. */
export function addDeviceRoutes(app: FastifyInstance, options: DeviceRouteOptions): void {
  const { coordinator } = options;
  const { documents, intake } = coordinator;
  const fetch = (path: string, document: (device: Name, id: Name) => Promise<Uint8Array>): void => {
    app.get(path, async (request, reply) => {
      const { caller, id } = await placeOf(request, options);
      return sendEnvelope(reply, await document(caller.device, id));
    });
  };
  const put = (path: string, kind: string, take: (place: Place) => Promise<void>): void => {
    app.put(path, async (request, reply) => {
      const place = await placeOf(request, options);
      await take(place);
      options.metrics.received(kind, place.body.length);
      return sendJson(reply, { format: 1 });
    });
  };

  app.get("/v1/work", async (request, reply) => {
    const { device } = await callerOf(request, options.authentication);
    return sendJson(reply, { format: 1, work: coordinator.workOf(device) });
  });
  fetch("/v1/rounds/:id/offer", documents.offer);
  fetch("/v1/rounds/:id/plan", documents.plan);
  fetch("/v1/rounds/:id/calibration-task", documents.calibrationTask);
  fetch("/v1/rounds/:id/evaluation-task", documents.evaluationTask);
  fetch("/v1/rollouts/:id", coordinator.rolloutOrder);
  put("/v1/rounds/:id/answers/:device", "answer", ({ caller, id, body }) =>
    intake.answer(caller, id, body),
  );
  put("/v1/rounds/:id/updates/:device", "update", ({ caller, id, body }) =>
    intake.announce(caller, id, body),
  );
  put("/v1/rounds/:id/calibrations/:device", "calibration", ({ caller, id, body }) =>
    intake.calibration(caller, id, body),
  );
  put("/v1/rounds/:id/evaluations/:device", "evaluation", ({ caller, id, body }) =>
    intake.evaluation(caller, id, body),
  );
  put("/v1/rollouts/:id/reports/:device", "rollout-report", ({ caller, id, body }) =>
    coordinator.takeRolloutReport(caller, id, body),
  );
  app.put("/v1/updates/:sha256", (request, reply) => putUpdate(request, reply, options));
}

async function placeOf(
  request: FastifyRequest,
  { authentication }: DeviceRouteOptions,
): Promise<Place> {
  const caller = await callerOf(request, authentication);
  const { id, device } = request.params as Readonly<Record<string, string>>;
  if (device !== undefined && device !== caller.device) {
    throw new EdgeloopError("DEVICE_MISMATCH", "a device puts its own messages only", {
      details: { device, caller: caller.device },
    });
  }
  return { caller, id: parseName(id), body: bodyOf(request) };
}

/** Streams an update to disk; the device is answered once payload and ledger are synced. */
async function putUpdate(
  request: FastifyRequest,
  reply: FastifyReply,
  { coordinator, authentication, metrics }: DeviceRouteOptions,
): Promise<FastifyReply> {
  const caller = await callerOf(request, authentication);
  const { sha256 } = request.params as Readonly<Record<string, string>>;
  const announced = await coordinator.intake.expect(caller, parseSha256(sha256));
  const { bytes } = announced.payload;
  const length = Number(request.headers["content-length"] ?? Number.NaN);
  if (length !== bytes) {
    throw new EdgeloopError(
      "PAYLOAD_TOO_LARGE",
      `expected the ${bytes} bytes that were announced`,
      {
        details: { length: request.headers["content-length"], bytes },
      },
    );
  }
  await coordinator.intake.deliver(announced, request.raw);
  metrics.received("payload", bytes);
  return sendJson(reply, { format: 1 });
}
