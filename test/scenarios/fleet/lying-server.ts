import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What a gateway reported of a release that it was told to install. */
export type Report = { readonly rollout: string; readonly outcome: unknown };

/** Stands where a gateway believes its coordinator is, and passes on what it is asked, unless it lies. */
export type LyingServer = {
  readonly port: number;
  /** Where the truth is. */
  target: string;
  /** Gives another answer than the coordinator's; undefined passes the request on. */
  invent: (path: string) => Promise<Uint8Array | undefined> | Uint8Array | undefined;
  /** Changes what the coordinator answered; "cut" breaks the connection in the middle. */
  spoil: (path: string, body: Uint8Array<ArrayBuffer>) => Uint8Array | "cut";
  /** What the gateway said of each installation. */
  readonly reports: readonly Report[];
  close(): Promise<void>;
};

/** Starts it; it tells the truth until it is told to lie. */
export async function lyingServer(): Promise<LyingServer> {
  const reports: Report[] = [];
  const server = createServer((request, response) => {
    answer(lies, reports, { request, response }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const lies: LyingServer = {
    port: (server.address() as AddressInfo).port,
    target: "",
    invent: () => undefined,
    spoil: (_path, body) => body,
    reports,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return lies;
}

async function answer(
  lies: LyingServer,
  reports: Report[],
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  const path = request.url ?? "/";
  const method = request.method ?? "GET";
  const body = await bodyOf(request);
  const rollout = /^\/v1\/rollouts\/([^/]+)\/reports\//.exec(path)?.[1];
  if (rollout !== undefined) reports.push({ rollout, outcome: outcomeOf(body) });
  const invented = method === "GET" ? await lies.invent(path) : undefined;
  if (invented) return void response.end(invented);
  const headers = new Headers();
  for (const name of ["authorization", "content-type", "range", "if-range"]) {
    const value = request.headers[name];
    if (typeof value === "string") headers.set(name, value);
  }
  const sent = body.length > 0 ? { body } : {};
  const real = await fetch(lies.target + path, { method, headers, ...sent });
  const spoilt = lies.spoil(path, new Uint8Array(await real.arrayBuffer()));
  const passed = [...real.headers].filter(
    ([name]) => name.startsWith("content-") || name === "etag",
  );
  if (spoilt !== "cut") {
    const kept = passed.filter(([name]) => name !== "content-length");
    return void response.writeHead(real.status, Object.fromEntries(kept)).end(spoilt);
  }
  response.writeHead(real.status, Object.fromEntries(passed));
  response.write("x");
  response.destroy();
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

const outcomeOf = (envelope: Uint8Array): unknown => {
  const { payload } = JSON.parse(Buffer.from(envelope).toString());
  return JSON.parse(Buffer.from(payload, "base64").toString()).outcome;
};
