import type { Clock } from "@edgeloop/core/platform";
import { EdgeloopError, fromHex, isName } from "@edgeloop/core/platform";
import type { FastifyInstance } from "fastify";
import type { Coordinator } from "../coordinator.ts";
import { parseObject, readEnvelope } from "../dsse.ts";
import { redeemEnrolment } from "../enrolment.ts";
import type { SigningKey } from "../keys.ts";
import { keyTaken } from "../ledger.ts";
import { bodyOf, sendEnvelope } from "./http-server.ts";
import type { Registry } from "./registry.ts";

/** What enrolment needs. */
export type EnrolmentRouteOptions = {
  readonly coordinator: Coordinator;
  readonly registry: Registry;
  readonly key: SigningKey;
  readonly clock: Clock;
};

/** Adds the route by which a device with a token is let in; the only one without a device's own token. */
export function addEnrolmentRoutes(app: FastifyInstance, options: EnrolmentRouteOptions): void {
  const { coordinator, registry, key, clock } = options;
  app.post("/v1/enrolments", async (request, reply) => {
    const envelope = bodyOf(request);
    await checkIdentity(coordinator, envelope);
    const root = registry.root();
    if (root === undefined) {
      throw new EdgeloopError("ENROLMENT_ROOT_MISSING", "release a line before enrolling devices");
    }
    const nowUs = clock.nowUs();
    const enrolment = await redeemEnrolment(envelope, {
      ledger: coordinator.ledger,
      key,
      root,
      nowUs,
    });
    await coordinator.enrolled(enrolment.device, enrolment.key);
    return sendEnvelope(reply, enrolment.answer);
  });
}

/** Refuses a taken name or key before the token is used up: a device cannot ask again with another one. */
async function checkIdentity({ ledger }: Coordinator, envelope: Uint8Array): Promise<void> {
  const { device, publicKey } = parseObject(readEnvelope(envelope).payload);
  if (!isName(device)) return;
  const raw = typeof publicKey === "string" ? fromHex(publicKey) : undefined;
  const owner = raw && (await ledger.deviceWith(raw));
  if (owner && owner.device !== device) throw keyTaken(device);
  const known = await ledger.device(device);
  if (known !== undefined && (known.revoked || raw?.toString() !== known.publicKey.toString())) {
    throw new EdgeloopError("DEVICE_NAME_TAKEN", "another device has this name; choose another", {
      details: { device },
    });
  }
}
