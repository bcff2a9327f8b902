import type { ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { reportHtml } from "./report-html.ts";
import type { ReportPatch, ReportState } from "./report-state.ts";

/** Pages that may listen at once; one more is turned away. */
const listenersMax = 32;

/** The live report: what it says now, and how it is told more. */
export type LiveReport = {
  /** Loopback address of the page. */
  readonly url: string;
  readonly state: () => ReportState;
  update(patch: ReportPatch): void;
  close(): Promise<void>;
};

/** Serves the report on loopback; `events` sends each change to whoever has the page open (server-sent events). */
export async function serveReport(first: ReportState): Promise<LiveReport> {
  let current = first;
  const listeners = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    if (request.method !== "GET") {
      response.writeHead(405).end();
    } else if (request.url === "/") {
      response.writeHead(200, {
        "content-type": "text/html; charset=utf-8",
        "x-content-type-options": "nosniff",
      });
      response.end(reportHtml(current));
    } else if (request.url === "/events" && listeners.size < listenersMax) {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      response.write(patchEvent(current));
      listeners.add(response);
      response.on("close", () => listeners.delete(response));
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    state: () => current,
    update(patch) {
      current = { ...current, ...patch };
      const event = patchEvent(patch);
      for (const listener of listeners) listener.write(event);
    },
    close: () =>
      new Promise((resolve) => {
        for (const listener of listeners) listener.end();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const patchEvent = (patch: ReportPatch): string =>
  `event: patch\ndata: ${JSON.stringify(patch)}\n\n`;
