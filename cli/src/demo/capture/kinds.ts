import { messageParsers, parseBell, parseDeviceState, parseWorkList } from "@edgeloop/cloud-sync";
import { decodeSafetensors } from "@edgeloop/core/graph";
import { fromUtf8 } from "@edgeloop/core/platform";
import type { Exchange } from "./http-proxy.ts";

/** Names a body, or throws when it is not what it should be. */
type Kind = { readonly name: string; readonly check: (body: Uint8Array) => void };

const json = (body: Uint8Array): Record<string, unknown> => {
  const value: unknown = JSON.parse(fromUtf8(body));
  if (typeof value === "object" && value !== null) return { ...value };
  throw new TypeError("expected a JSON object");
};

/** The payload of a DSSE envelope of one kind, parsed by the wire's own parser. */
const signed = (kind: keyof typeof messageParsers): Kind => ({
  name: kind,
  check: (body) => {
    const { payloadType, payload } = json(body);
    if (payloadType !== `application/vnd.edgeloop.${kind}.v1+json`) throw new TypeError("kind");
    messageParsers[kind](JSON.parse(Buffer.from(String(payload), "base64").toString("utf8")));
  },
});
const plain = (kind: string, check: Kind["check"]): Kind => ({ name: kind, check });
const empty = plain("acknowledgement", (body) => {
  if (body.length > 0) json(body);
});
const refusal = plain("refusal", (body) => {
  if (typeof json(body)["code"] !== "string") throw new TypeError("expected a code");
});
/** An update is tensors of float32 and nothing else. */
const update = plain("update payload", (body) => {
  for (const { dtype } of decodeSafetensors(body).values()) {
    if (dtype !== "float32") throw new TypeError("an update is float32");
  }
});
/** Blobs travel to the devices only: graphs, tensors, golden windows, profiles; or the rest of one after a cut. */
const blob = plain("blob", () => undefined);
const metadata = plain("update metadata", (body) => {
  json(body);
});
const nothing = plain("request", (body) => {
  if (body.length > 0) throw new TypeError("a request that asks has no body");
});

type Route = {
  readonly method: string;
  readonly path: RegExp;
  readonly up: Kind;
  readonly down: Kind;
};

const name = "[a-z0-9][a-z0-9-]{0,62}";
const route = (method: string, path: string, up: Kind, down: Kind): Route => ({
  method,
  path: new RegExp(`^${path}$`),
  up,
  down,
});

/** Every exchange that a gateway has with the coordinator; what has no row is unknown, and unknown bytes are raw. */
const routes: readonly Route[] = [
  route("POST", "/v1/enrolments", plain("enrolment", json), plain("enrolment", json)),
  route(
    "GET",
    "/v1/work",
    nothing,
    plain("work", (body) => void parseWorkList(json(body))),
  ),
  route("GET", `/v1/rounds/${name}/offer`, nothing, signed("offer")),
  route("GET", `/v1/rounds/${name}/plan`, nothing, signed("plan")),
  route("GET", `/v1/rounds/${name}/calibration-task`, nothing, signed("calibration-task")),
  route("GET", `/v1/rounds/${name}/evaluation-task`, nothing, signed("evaluation-task")),
  route("GET", `/v1/rollouts/${name}`, nothing, signed("rollout")),
  route("PUT", `/v1/rounds/${name}/answers/${name}`, signed("answer"), empty),
  route("PUT", `/v1/rounds/${name}/updates/${name}`, signed("update"), empty),
  route("PUT", `/v1/rounds/${name}/calibrations/${name}`, signed("calibration"), empty),
  route("PUT", `/v1/rounds/${name}/evaluations/${name}`, signed("evaluation"), empty),
  route("PUT", `/v1/rollouts/${name}/reports/${name}`, signed("rollout-report"), empty),
  route("PUT", "/v1/updates/[0-9a-f]{64}", update, empty),
  route("GET", "/v1/blobs/[0-9a-f]{64}", nothing, blob),
  route("GET", "/v1/repository/blobs/[0-9a-f]{64}", nothing, blob),
  route("GET", "/v1/repository/[\\w./-]+\\.json", nothing, metadata),
];

/** Attributes an exchange by its route and by parsing what it carries; undefined where that fails. */
export function classifyExchange(exchange: Exchange): {
  readonly up: string | undefined;
  readonly down: string | undefined;
} {
  const found = routes.find(
    ({ method, path }) => method === exchange.method && path.test(exchange.path),
  );
  const known = onlyKnownHeaders(exchange.requestHeaders);
  const up = found && known ? nameOf(found.up, exchange.requestBody) : undefined;
  // An answer that never came whole (a kill, a cut) carries at most what the whole one would have.
  if (exchange.status === 0) return { up, down: found && "torn answer" };
  if (exchange.status >= 400) return { up, down: nameOf(refusal, exchange.responseBody) };
  return { up, down: found && nameOf(found.down, exchange.responseBody) };
}

function nameOf(kind: Kind, body: Uint8Array): string | undefined {
  try {
    kind.check(body);
    return kind.name;
  } catch {
    return undefined;
  }
}

/** Request headers that say nothing about data; anything else could carry some. */
const requestHeaders: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "authorization",
  "connection",
  "content-length",
  "content-type",
  "host",
  "if-range",
  "range",
  "sec-fetch-mode",
  "transfer-encoding",
  "user-agent",
]);

const onlyKnownHeaders = (raw: readonly string[]): boolean =>
  raw.every((text, index) => index % 2 === 1 || requestHeaders.has(text.toLowerCase()));

const topicKind = /\/devices\/[a-z0-9-]+\/(state|events|bell)$/;

/** Attributes a PUBLISH between a gateway and the coordinator's broker. */
export function classifyPublish(topic: string, payload: Uint8Array): string | undefined {
  const kinds: Readonly<Record<string, Kind>> = {
    state: plain("state", (body) => void parseDeviceState(json(body))),
    events: signed("event"),
    bell: plain("bell", (body) => void parseBell(json(body))),
  };
  const kind = kinds[topicKind.exec(topic)?.[1] ?? ""];
  return kind && nameOf(kind, payload);
}
