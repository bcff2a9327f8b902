import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { utf8 } from "@edgeloop/core/platform";
import type { CaptureLedger } from "./ledger.ts";

/** One request with its answer, as it crossed. */
export type Exchange = {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly requestHeaders: readonly string[];
  readonly requestBody: Uint8Array;
  readonly status: number;
  readonly responseHeaders: readonly string[];
  readonly responseBody: Uint8Array;
};

/** Names what an exchange is, each way; undefined for what is not known. */
export type Classify = (exchange: Exchange) => {
  readonly up: string | undefined;
  readonly down: string | undefined;
};

/** A proxy that is listening. */
export type RecordingProxy = { readonly port: number; close(): Promise<void> };

/** How a proxy is set up. */
export type HttpProxyOptions = {
  readonly gateway: string;
  /** Where the coordinator listens, `http://127.0.0.1:port`. */
  readonly target: () => URL;
  readonly classify: Classify;
  readonly ledger: CaptureLedger;
  /** Called when a request's head has arrived, before it is passed on. */
  readonly onRequest?: (method: string, path: string) => void;
  /** Called after the answer was passed on. */
  readonly onExchange?: (exchange: Exchange) => void;
  /** Bytes a second of one answer's body; unlimited when absent. */
  readonly throttle?: (path: string) => number | undefined;
  /** Called after each piece of a body that is slowed down. */
  readonly onPiece?: (path: string, progress: DownloadProgress) => void;
};

/** How much of an answer's body has been passed on. */
export type DownloadProgress = { readonly sentBytes: number; readonly totalBytes: number };

/**
 * Stands between one gateway and the coordinator's HTTP server, passes everything on and writes down what crossed.
 *
 * Only whole requests cross; heads count with the message that they introduce. What Node's strict HTTP parser refuses
 * is dropped, but its connection's bytes count as raw: somebody tried. What a kill has torn is dropped and does not count.
 */
export async function httpProxy(options: HttpProxyOptions): Promise<RecordingProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    options.onRequest?.(incoming.method ?? "", incoming.url ?? "");
    forward(options, incoming, outgoing);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("clientError", (error, socket) => {
    const readBytes = "bytesRead" in socket ? Number(socket.bytesRead) : 0;
    const refused = { gateway: options.gateway, direction: "up", kind: undefined } as const;
    if (!isTorn(error)) options.ledger.record({ ...refused, wireBytes: readBytes, content: [] });
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A connection that was reset, or closed within a request; all else is the parser's refusal (`HPE_...`). */
const isTorn = ({ code = "" }: NodeJS.ErrnoException): boolean =>
  !code.startsWith("HPE_") || code === "HPE_INVALID_EOF_STATE";

/** A request's body is held until it is whole: what a kill has torn never crosses. */
function forward(
  options: HttpProxyOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  const chunks: Uint8Array[] = [];
  incoming.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  incoming.on("error", () => outgoing.destroy());
  incoming.on("end", () => passOn(options, incoming, { outgoing, body: Buffer.concat(chunks) }));
}

function passOn(
  options: HttpProxyOptions,
  incoming: IncomingMessage,
  { outgoing, body }: { readonly outgoing: ServerResponse; readonly body: Buffer },
): void {
  const taken: Uint8Array[] = [];
  const target = options.target();
  const path = incoming.url ?? "/";
  let status = 0;
  let responseHeaders: readonly string[] = [];
  let written = false;
  const finish = (): void => {
    if (written) return;
    written = true;
    const crossed: Exchange = {
      method: incoming.method ?? "GET",
      path,
      requestHeaders: incoming.rawHeaders,
      requestBody: body,
      status,
      responseHeaders,
      responseBody: Buffer.concat(taken),
    };
    writeDown(options, crossed);
    options.onExchange?.(crossed);
  };
  const upstream = request(
    {
      host: target.hostname,
      port: target.port,
      method: incoming.method,
      path,
      headers: incoming.headers,
    },
    (answer) => {
      status = answer.statusCode ?? 502;
      responseHeaders = answer.rawHeaders;
      outgoing.writeHead(status, answer.headers);
      const totalBytes = Number(answer.headers["content-length"] ?? 0);
      pour(answer, outgoing, {
        ...{ bytesPerSecond: options.throttle?.(path), taken },
        onPiece: (sentBytes) => options.onPiece?.(path, { sentBytes, totalBytes }),
      });
    },
  );
  upstream.on("error", () => outgoing.destroy());
  upstream.end(body);
  outgoing.on("finish", finish);
  outgoing.on("close", () => {
    upstream.destroy();
    finish();
  });
}

/** How often a slowed body goes on. */
const slowStepMs = 20;

/** Copies a body, at full speed or slowed down to a rate, a piece at a time. */
function pour(
  from: IncomingMessage,
  to: ServerResponse,
  how: {
    readonly bytesPerSecond: number | undefined;
    readonly taken: Uint8Array[];
    readonly onPiece: (sentBytes: number) => void;
  },
): void {
  const { bytesPerSecond, taken, onPiece } = how;
  from.on("error", () => to.destroy());
  if (bytesPerSecond === undefined) {
    from.on("data", (chunk: Uint8Array) => taken.push(chunk));
    from.pipe(to);
    return;
  }
  const pieceBytes = Math.max(1, Math.round((bytesPerSecond * slowStepMs) / 1000));
  let sentBytes = 0;
  const slowly = async (): Promise<void> => {
    for await (const chunk of from) {
      for (let at = 0; at < chunk.length && !to.destroyed; at += pieceBytes) {
        const piece = chunk.subarray(at, at + pieceBytes);
        taken.push(piece);
        to.write(piece);
        sentBytes += piece.length;
        onPiece(sentBytes);
        await new Promise((resolve) => setTimeout(resolve, slowStepMs));
      }
    }
    to.end();
  };
  slowly().catch(() => to.destroy());
}

function writeDown({ gateway, classify, ledger }: HttpProxyOptions, exchange: Exchange): void {
  // Parsed when there is time: a burst of updates would hold up the predictions whose latency is measured.
  let found: ReturnType<Classify> | undefined;
  const kinds = (): ReturnType<Classify> => {
    found ??= classify(exchange);
    return found;
  };
  const requestHead = utf8(
    `${exchange.method} ${exchange.path} HTTP/1.1\r\n${headLines(exchange.requestHeaders)}\r\n`,
  );
  const responseHead = utf8(
    `HTTP/1.1 ${exchange.status}\r\n${headLines(exchange.responseHeaders)}\r\n`,
  );
  ledger.record({
    gateway,
    direction: "up",
    kind: () => kinds().up,
    wireBytes: requestHead.length + exchange.requestBody.length,
    content: [requestHead, exchange.requestBody],
  });
  ledger.record({
    gateway,
    direction: "down",
    kind: () => kinds().down,
    wireBytes: responseHead.length + exchange.responseBody.length,
    content: [responseHead, exchange.responseBody],
  });
}

function headLines(raw: readonly string[]): string {
  const lines: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    lines.push(`${raw[index]}: ${raw[index + 1]}\r\n`);
  }
  return lines.join("");
}
