import type { IncomingMessage, RequestListener } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { utf8 } from "@edgeloop/core/platform";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import type { CoordinatorMember, Notice } from "./coordinator-member.ts";
import { coordinatorMember, eventsOf } from "./coordinator-member.ts";

/** A response whose body comes in the given chunks. */
const inChunks = (chunks: readonly Uint8Array[]): Response =>
  new Response(ReadableStream.from(chunks) as ReadableStream<Uint8Array>);

test("events are the same however the stream is cut into chunks", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "grapheme", minLength: 1 }), { maxLength: 6 }),
      fc.array(fc.nat(40), { maxLength: 12 }),
      async (texts, cuts) => {
        const events = texts.map((text) => JSON.stringify({ text }));
        const bytes = utf8(
          events.map((data) => `event: moved\ndata: ${data}\n\n`).join(": ping\n\n"),
        );
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        chunks.push(bytes.subarray(at));
        const whole = chunks.filter(({ length }) => length > 0);
        expect(await Array.fromAsync(eventsOf(inChunks(whole)))).toEqual(events);
      },
    ),
    { numRuns: 50 },
  );
});

test("an event of several lines is one text; one that never ended is none", async () => {
  const stream = utf8("data: {\ndata: }\n\nid: 7\n\ndata: half");
  expect(await Array.fromAsync(eventsOf(inChunks([stream])))).toEqual(["{\n}"]);
  expect(await Array.fromAsync(eventsOf(new Response(null)))).toEqual([]);
});

async function serve(listener: RequestListener): Promise<CoordinatorMember> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const score = { accuracy: 1, macroF1: 1 };
  return coordinatorMember({
    directory: "plant",
    ports: { http: 0, mqtt: 0, admin: port },
    operatorToken: "secret",
    release: { sha256: "f00", bytes: 1, float: score, int8: score },
  });
}

const eventOf = (kind: string): string =>
  `data: ${JSON.stringify({ stream: "round/r1", kind, details: {} })}\n\n`;

test("notices are followed over a broken stream and an error, as the operator, until the abort", async () => {
  const asked: IncomingMessage[] = [];
  const { follow } = await serve((request, response) => {
    asked.push(request);
    if (asked.length === 1) {
      response.write(eventOf("training"));
      response.write(eventOf("aggregating").slice(0, 9), () => response.destroy());
    } else if (asked.length === 2) {
      response.end("data: no JSON\n\n");
    } else {
      response.write(eventOf("released"));
    }
  });
  const stopping = new AbortController();
  const notices: Notice[] = [];
  await follow((notice) => {
    notices.push(notice);
    if (notice.kind === "released") stopping.abort();
  }, stopping.signal);
  expect(notices.map(({ kind }) => kind)).toEqual(["training", "released"]);
  expect(asked.map(({ url, headers }) => [url, headers.authorization])).toEqual(
    asked.map(() => ["/v1/admin/events", "Bearer secret"]),
  );
  expect(asked).toHaveLength(3);
});

test("a question is a GET, one with a body a POST of JSON", async () => {
  const { ask } = await serve(async (request, response) => {
    const body = (await Array.fromAsync(request)).join("");
    const { method, url, headers } = request;
    response.end(
      JSON.stringify({ said: [method, url, body], authorization: headers.authorization }),
    );
  });
  expect(await ask("status")).toEqual({
    said: ["GET", "/v1/admin/status", ""],
    authorization: "Bearer secret",
  });
  expect(await ask("tokens", { lifetimeS: 9 })).toMatchObject({
    said: ["POST", "/v1/admin/tokens", '{"lifetimeS":9}'],
  });
});
