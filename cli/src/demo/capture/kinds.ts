import {
  auditRepositoryFile,
  messageParsers,
  parseAcknowledgement,
  parseBell,
  parseDeviceState,
  parseEnrolmentAnswer,
  parseEnrolmentRequest,
  parseWorkList,
  payloadType,
  readEnvelope,
  toBase64,
} from "@edgeloop/cloud-sync";
import { decodeSafetensors, encodeSafetensors } from "@edgeloop/core/graph";
import { equalBytes, fromUtf8 } from "@edgeloop/core/platform";
import type { Exchange } from "./http-proxy.ts";

/** Names a body, or throws when it is not what it should be; `path` is where it was asked for. */
type Kind = { readonly name: string; readonly check: (body: Uint8Array, path: string) => void };

const plain = (kind: string, check: Kind["check"]): Kind => ({ name: kind, check });

/**
 * Reads JSON that has one form: what it says is all it holds. A name that is given twice, a space, a long way to write a
 * number are read by nobody, and could say anything.
 */
function exactJson(body: Uint8Array): unknown {
  const text = fromUtf8(body);
  const value: unknown = JSON.parse(text);
  if (JSON.stringify(value) === text) return value;
  throw new TypeError("expected JSON without anything between its values");
}
const json = (kind: string, parse: (value: unknown) => unknown): Kind =>
  plain(kind, (body) => void parse(exactJson(body)));

/** A DSSE envelope of one kind, written as `signEnvelope` does, whose payload the wire's own parser takes. */
const sealed = (kind: string, type: string, parse: (value: unknown) => unknown): Kind =>
  plain(kind, (body) => {
    const claims = readEnvelope(body);
    const [{ keyId, signature } = {}, ...more] = claims.signatures;
    if (claims.payloadType !== payloadType(type) || more.length > 0) throw new TypeError("kind");
    const written = JSON.stringify({
      payload: toBase64(claims.payload),
      payloadType: claims.payloadType,
      signatures: [{ keyid: keyId, sig: toBase64(signature ?? new Uint8Array()) }],
    });
    if (written !== fromUtf8(body)) throw new TypeError("expected an envelope and nothing else");
    parse(exactJson(claims.payload));
  });
const signed = (kind: keyof typeof messageParsers): Kind =>
  sealed(kind, kind, messageParsers[kind]);

const taken = json("acknowledgement", parseAcknowledgement);
const refusal = json("refusal", (value) => {
  const { code, message, details = {}, ...more } = Object(value);
  const isPlain = typeof message === "string" && typeof details === "object";
  if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(code) || !isPlain || Object.keys(more).length > 0) {
    throw new TypeError("expected code, message and details");
  }
});
/** An update is tensors of float32 and nothing else: no text in its header, no second way to write it. */
const update = plain("update payload", (body) => {
  const tensors = decodeSafetensors(body);
  for (const { dtype } of tensors.values()) {
    if (dtype !== "float32") throw new TypeError("an update is float32");
  }
  if (!equalBytes(encodeSafetensors(tensors), body)) throw new TypeError("expected tensors alone");
});
/** Blobs travel to the devices only: graphs, tensors, golden windows, profiles; or the rest of one after a cut. */
const blob = plain("blob", () => undefined);
const repository = "/v1/repository/";
const metadata = plain("update metadata", (body, path) =>
  auditRepositoryFile(path.slice(repository.length), body),
);
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
const hash = "[0-9a-f]{64}";
/** `rounds-` stands before a line's name. */
const role = "[a-z0-9][a-z0-9-]{0,69}";
const route = (method: string, path: string, up: Kind, down: Kind): Route => ({
  method,
  path: new RegExp(`^${path}$`),
  up,
  down,
});

/** Every exchange that a gateway has with the coordinator; what has no row is unknown, and unknown bytes are raw. */
const routes: readonly Route[] = [
  route(
    "POST",
    "/v1/enrolments",
    sealed("enrolment", "enrolment-request", parseEnrolmentRequest),
    sealed("enrolment", "enrolment-answer", parseEnrolmentAnswer),
  ),
  route("GET", "/v1/work", nothing, json("work", parseWorkList)),
  route("GET", `/v1/rounds/${name}/offer`, nothing, signed("offer")),
  route("GET", `/v1/rounds/${name}/plan`, nothing, signed("plan")),
  route("GET", `/v1/rounds/${name}/calibration-task`, nothing, signed("calibration-task")),
  route("GET", `/v1/rounds/${name}/evaluation-task`, nothing, signed("evaluation-task")),
  route("GET", `/v1/rollouts/${name}`, nothing, signed("rollout")),
  route("PUT", `/v1/rounds/${name}/answers/${name}`, signed("answer"), taken),
  route("PUT", `/v1/rounds/${name}/updates/${name}`, signed("update"), taken),
  route("PUT", `/v1/rounds/${name}/calibrations/${name}`, signed("calibration"), taken),
  route("PUT", `/v1/rounds/${name}/evaluations/${name}`, signed("evaluation"), taken),
  route("PUT", `/v1/rollouts/${name}/reports/${name}`, signed("rollout-report"), taken),
  route("PUT", `/v1/updates/${hash}`, update, taken),
  route("GET", `/v1/blobs/${hash}`, nothing, blob),
  route("GET", `${repository}blobs/${hash}`, nothing, blob),
  route("GET", `${repository}metadata/(?:\\d{1,15}\\.)?${role}\\.json`, nothing, metadata),
  route(
    "GET",
    `${repository}targets/${name}/(?:${name}/)?${hash}\\.${name}\\.json`,
    nothing,
    metadata,
  ),
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
  const up = found && known ? nameOf(found.up, exchange.requestBody, exchange.path) : undefined;
  // An answer that never came whole (a kill, a cut) carries at most what the whole one would have.
  if (exchange.status === 0) return { up, down: found && "torn answer" };
  const down = exchange.status >= 400 ? refusal : found?.down;
  return { up, down: down && nameOf(down, exchange.responseBody, exchange.path) };
}

function nameOf(kind: Kind, body: Uint8Array, path: string): string | undefined {
  try {
    kind.check(body, path);
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
    state: json("state", parseDeviceState),
    events: signed("event"),
    bell: json("bell", parseBell),
  };
  const kind = kinds[topicKind.exec(topic)?.[1] ?? ""];
  return kind && nameOf(kind, payload, topic);
}
