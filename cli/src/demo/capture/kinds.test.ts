import type { MessageKind } from "@edgeloop/cloud-sync";
import {
  generateKey,
  lineBytes,
  lineOf,
  parseObject,
  readEnvelope,
  signEnvelope,
  toBase64,
} from "@edgeloop/cloud-sync";
import { otaPlant } from "@edgeloop/cloud-sync/testing";
import { encodeSafetensors, f32, i64 } from "@edgeloop/core/graph";
import type { Json } from "@edgeloop/core/platform";
import { fromUtf8, utf8 } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import type { Exchange } from "./http-proxy.ts";
import { classifyExchange, classifyPublish } from "./kinds.ts";

const hash = "a".repeat(64);
const blobRef = { sha256: hash, bytes: 100 };
const model = { graph: blobRef, tensors: blobRef };
const header = {
  format: 1,
  fleet: "plant",
  round: "c1-r1",
  attempt: 1,
  plan: hash,
  device: "pump-1",
};
const toDevice = { format: 1, fleet: "plant", rollout: "pumps-v2", device: "pump-1" };

/** One valid message of every kind that a coordinator or a gateway signs. */
const messages: Readonly<Record<MessageKind, Json>> = {
  offer: header,
  plan: {
    format: 1,
    fleet: "plant",
    campaign: "c1",
    round: "c1-r1",
    attempt: 1,
    line: "pumps",
    parent: hash,
    base: blobRef,
    classes: ["normal"],
    step: {
      graph: blobRef,
      carry: [{ output: "w.next", input: "w", dtype: "float32", shape: [2, 3] }],
      window: "window",
      target: "target",
      learningRate: "learningRate",
      loss: "loss",
    },
    training: {
      seed: 7,
      order: "shuffled",
      epochs: 2,
      batchSize: 16,
      learningRate: 0.01,
      backend: "wasm",
      threads: 1,
    },
    data: { startUs: 0, endUs: 60_000_000, holdoutEvery: 5, holdoutBlockUs: 1_000_000 },
    limits: {
      valueMax: 4,
      weightMax: 1000,
      cohortMax: 8,
      examplesMax: 1000,
      payloadBytesMax: 65_536,
    },
  },
  answer: { ...header, answer: { kind: "ready", examples: 12 } },
  update: { ...header, base: hash, payload: blobRef, examples: 12 },
  "calibration-task": { ...header, model, window: "window", observed: ["relu_1"] },
  calibration: { ...header, result: { windows: 3, histograms: {} } },
  "evaluation-task": {
    ...header,
    models: [{ name: "candidate", model }],
    window: "window",
    scores: "scores",
  },
  evaluation: {
    ...header,
    result: {
      windows: 4,
      confusions: [{ model: "candidate", slice: "pump-1", counts: [3, 1, 0, 0] }],
    },
  },
  rollout: {
    ...toDevice,
    release: { line: "pumps", target: "rounds/pumps/2.json", manifestSha256: hash },
  },
  "rollout-report": { ...toDevice, outcome: { kind: "refused", code: "LINE_MISMATCH" } },
  event: {
    format: 1,
    fleet: "plant",
    device: "pump-1",
    sequence: 3,
    code: "DRIFT_DETECTED",
    sensorUs: 1_000_000,
    counters: { windows: 40 },
  },
};

const key = await generateKey();
const signed = (kind: MessageKind): Promise<Uint8Array> => signEnvelope(kind, messages[kind], key);
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));
const none = new Uint8Array(0);
const update = encodeSafetensors(new Map([["w", f32([0.5, -0.25])]]));

const exchange = (change: Partial<Exchange>): Exchange => ({
  method: "GET",
  path: "/v1/work",
  requestHeaders: ["Host", "127.0.0.1", "Authorization", "Bearer x"],
  requestBody: none,
  status: 200,
  responseHeaders: [],
  responseBody: none,
  ...change,
});
const get = (path: string, responseBody: Uint8Array): Exchange => exchange({ path, responseBody });
const put = (path: string, requestBody: Uint8Array): Exchange =>
  exchange({ method: "PUT", path, requestBody, responseBody: json({ format: 1 }) });

const [round, rollout] = ["/v1/rounds/c1-r1", "/v1/rollouts/pumps-v2"];
const work = json({ format: 1, work: [{ kind: "offer", id: "c1-r1" }] });
const hello = {
  format: 1,
  tokenId: "0".repeat(32),
  fleet: "plant",
  device: "pump-1",
  publicKey: "1".repeat(64),
  nonce: "2".repeat(32),
  mac: "3".repeat(64),
};
const welcome = {
  format: 1,
  device: "pump-1",
  deviceKeyId: hash,
  nonce: "2".repeat(32),
  coordinatorKey: "5".repeat(64),
  root: "e30=",
};
const { signed: offline, first } = await otaPlant();
const line = lineBytes(lineOf(first.manifest, { parents: [], approve: "automatic" }));
const targets = "/v1/repository/targets";

/** Every route: an exchange that is as it should be, and what it is called up and down. */
const routes: readonly (readonly [Exchange, string, string])[] = [
  [
    exchange({
      method: "POST",
      path: "/v1/enrolments",
      requestBody: await signEnvelope("enrolment-request", hello, key),
      responseBody: await signEnvelope("enrolment-answer", welcome, key),
    }),
    "enrolment",
    "enrolment",
  ],
  [get("/v1/work", work), "request", "work"],
  [get(`${round}/offer`, await signed("offer")), "request", "offer"],
  [get(`${round}/plan`, await signed("plan")), "request", "plan"],
  [
    get(`${round}/calibration-task`, await signed("calibration-task")),
    "request",
    "calibration-task",
  ],
  [get(`${round}/evaluation-task`, await signed("evaluation-task")), "request", "evaluation-task"],
  [get(rollout, await signed("rollout")), "request", "rollout"],
  [put(`${round}/answers/pump-1`, await signed("answer")), "answer", "acknowledgement"],
  [put(`${round}/updates/pump-1`, await signed("update")), "update", "acknowledgement"],
  [
    put(`${round}/calibrations/pump-1`, await signed("calibration")),
    "calibration",
    "acknowledgement",
  ],
  [put(`${round}/evaluations/pump-1`, await signed("evaluation")), "evaluation", "acknowledgement"],
  [
    put(`${rollout}/reports/pump-1`, await signed("rollout-report")),
    "rollout-report",
    "acknowledgement",
  ],
  [put(`/v1/updates/${hash}`, update), "update payload", "acknowledgement"],
  [get(`/v1/blobs/${hash}`, Uint8Array.of(1, 2)), "request", "blob"],
  [get(`/v1/repository/blobs/${hash}`, Uint8Array.of(1, 2)), "request", "blob"],
  [get("/v1/repository/metadata/1.root.json", offline.root), "request", "update metadata"],
  [get("/v1/repository/metadata/2.targets.json", offline.targets), "request", "update metadata"],
  [get(`${targets}/lines/${hash}.pumps.json`, line), "request", "update metadata"],
  [get(`${targets}/releases/pumps/${hash}.1.json`, first.bytes), "request", "update metadata"],
];
const cases = routes.map(
  ([asked, up, down]) => [`${asked.method} ${asked.path}`, { asked, up, down }] as const,
);

test.for(cases)("%s is known both ways", ([, { asked, up, down }]) => {
  expect(classifyExchange(asked)).toEqual({ up, down });
});

test.for(cases)("%s with one more body, path or method than it has is unknown", ([, { asked }]) => {
  const stowaway = utf8('{"samples":[0.1,0.2]}, and more');
  expect(classifyExchange({ ...asked, requestBody: stowaway }).up).toBeUndefined();
  const unknown = { up: undefined, down: undefined };
  expect(classifyExchange({ ...asked, path: `${asked.path}?data=1` })).toEqual(unknown);
  expect(classifyExchange({ ...asked, path: `${asked.path}/x` })).toEqual(unknown);
  expect(classifyExchange({ ...asked, method: "PATCH" })).toEqual(unknown);
});

test.for(cases)("%s with a header that could carry data is unknown", ([, { asked, down }]) => {
  const requestHeaders = [...asked.requestHeaders, "X-Samples", "1 2 3"];
  expect(classifyExchange({ ...asked, requestHeaders })).toEqual({ up: undefined, down });
});

test.for(Object.keys(messages) as MessageKind[])(
  "a signed %s passes as itself alone, whole, and with nothing added",
  async (kind) => {
    const plain = messages[kind] as Readonly<Record<string, Json>>;
    const added = await signEnvelope(kind, { ...plain, samples: [1, 2, 3] }, key);
    const routed = routes.filter(([, up, down]) => [up, down].includes(kind));
    const named = (body: Uint8Array): readonly (string | undefined)[] => [
      ...routed.map(([asked, up]) =>
        up === kind
          ? classifyExchange({ ...asked, requestBody: body }).up
          : classifyExchange({ ...asked, responseBody: body }).down,
      ),
      ...(kind === "event"
        ? [classifyPublish("edgeloop/v1/plant/devices/pump-1/events", body)]
        : []),
    ];
    const envelope = await signed(kind);
    expect(named(envelope)).toEqual([kind]);
    const other: MessageKind = kind === "offer" ? "answer" : "offer";
    const refused = [added, await signed(other), envelope.subarray(0, -1), json(plain), none];
    expect(refused.map(named)).toEqual(refused.map(() => [undefined]));
  },
);

/** A window as a leak would write it: text, so that a search for the window's bytes finds nothing. */
const window = toBase64(Uint8Array.from({ length: 96 }, (_, at) => (at * 37) % 251));

/** Ways to put a window into a JSON object that its readers would not look at. */
const hidings: readonly (readonly [string, (text: string) => string])[] = [
  ["a field more", (text) => `{"samples":"${window}",${text.slice(1)}`],
  ["a field given twice", (text) => text.replace(/^\{("\w+":)/, `{$1"${window}",$1`)],
  ["space between fields", (text) => text.replace(",", ",\t \t\t ")],
  ["a long way to write a number", (text) => text.replace(/:1([,}])/, `:1.${"0".repeat(64)}$1`)],
];
/** Every JSON body that crosses in one direction, with what it is put back into. */
const bodies = routes.flatMap(([asked, up, down]) => [
  ...(asked.requestBody.length > 0 && up !== "update payload"
    ? [
        {
          of: `${up} up`,
          body: asked.requestBody,
          put: (requestBody: Uint8Array) => classifyExchange({ ...asked, requestBody }).up,
        },
      ]
    : []),
  ...(asked.responseBody.length > 0 && down !== "blob"
    ? [
        {
          of: `${down} down`,
          body: asked.responseBody,
          put: (responseBody: Uint8Array) => classifyExchange({ ...asked, responseBody }).down,
        },
      ]
    : []),
]);

test.for(bodies.map((one) => [`${one.of}`, one] as const))(
  "a window that hides in the body of %s makes it unknown",
  ([, { body, put: classify }]) => {
    const text = fromUtf8(body);
    expect(classify(body)).toBeDefined();
    for (const [how, hide] of hidings) {
      const hidden = hide(text);
      if (hidden !== text) expect(classify(utf8(hidden)), how).toBeUndefined();
    }
    expect(classify(utf8(`${text} `)), "behind it").toBeUndefined();
  },
);

test.for(bodies.filter(({ body }) => fromUtf8(body).startsWith('{"payload"')))(
  "a window that hides in the signed payload or beside the signature of $of makes it unknown",
  async ({ body, put: classify }) => {
    const { payload, payloadType } = readEnvelope(body);
    const kind = /\.([a-z-]+)\.v1/.exec(payloadType)?.[1] ?? "";
    for (const [how, hide] of hidings) {
      const hidden = hide(fromUtf8(payload));
      if (hidden === fromUtf8(payload)) continue;
      expect(classify(await signEnvelope(kind, utf8(hidden), key)), how).toBeUndefined();
    }
    const whole = parseObject(body);
    const [signature] = whole["signatures"] as readonly object[];
    for (const signatures of [
      [{ ...signature, samples: window }],
      [{ ...signature, sig: window }],
      [{ ...signature, keyid: window }],
      [signature, { ...signature, sig: toBase64(new Uint8Array(64)) }],
    ]) {
      expect(classify(json({ ...whole, signatures })), JSON.stringify(signatures)).toBeUndefined();
    }
  },
);

test.for<[string, Uint8Array]>([
  ["has text in its header", encodeSafetensors(new Map([["w", f32([1])]]), { note: window })],
  ["is cut short", update.subarray(0, -1)],
  ["has bytes behind its tensors", Uint8Array.of(...update, 0)],
  ["holds integers", encodeSafetensors(new Map([["labels", i64([1, 2])]]))],
  ["is JSON", json({ w: [0.5, -0.25] })],
])("an update payload that %s is unknown", ([, body]) => {
  expect(classifyExchange(put(`/v1/updates/${hash}`, body)).up).toBeUndefined();
});

test("an answer that says no is a refusal where it has a code", () => {
  const said = (status: number, body: unknown) =>
    classifyExchange(exchange({ status, responseBody: json(body) })).down;
  expect(said(403, { code: "TOKEN_EXPIRED", message: "enrol again" })).toBe("refusal");
  const more = { code: "TOKEN_EXPIRED", message: "enrol again", samples: [1] };
  const refused = [said(403, { samples: [1] }), said(500, "oops"), said(403, more)];
  expect(refused).toEqual([undefined, undefined, undefined]);
});

test("an answer that never came whole is torn on a known route, unknown elsewhere", () => {
  const torn = { status: 0, responseBody: Uint8Array.of(1) };
  expect(classifyExchange({ ...exchange({}), ...torn })).toEqual({
    up: "request",
    down: "torn answer",
  });
  expect(classifyExchange({ ...exchange({ path: "/elsewhere" }), ...torn }).down).toBeUndefined();
});

const topic = (end: string): string => `edgeloop/v1/plant/devices/pump-1/${end}`;

test.for<[string, string | undefined, Uint8Array]>([
  ["state", "state", json({ format: 1, state: "online" })],
  ["state", undefined, json({ format: 1, state: "online", label: "bearing" })],
  ["state", undefined, utf8("online")],
  ["bell", "bell", json({ kind: "train", id: "c1-r1" })],
  ["bell", undefined, json({ kind: "train", id: "Inspector Anna" })],
  ["bell", undefined, none],
  ["events", undefined, json(messages.event)],
  ["labels", undefined, json({ format: 1, state: "online" })],
  ["state/more", undefined, json({ format: 1, state: "online" })],
  ["inference/pumps", undefined, json({ label: "bearing" })],
])("a message on %s is %s", ([end, kind, payload]) => {
  expect(classifyPublish(topic(end), payload)).toBe(kind);
});
