import { join } from "node:path";
import { commandLine } from "../../command-line.ts";
import type { Plant } from "../setup.ts";
import type { Daemon } from "./daemon.ts";
import { daemon, healthy } from "./daemon.ts";

/** Something that moved at the coordinator. */
export type Notice = {
  readonly stream: string;
  readonly kind: string;
  readonly details: Readonly<Record<string, unknown>>;
};

/** The coordinator of the demo: its process and what an operator asks it. */
export type CoordinatorMember = {
  readonly daemon: Daemon;
  /** Asks `/v1/admin/<path>`: GET, or POST with a body. */
  ask(path: string, body?: object): Promise<Readonly<Record<string, unknown>>>;
  /** Follows what moves, over restarts, until the signal aborts. */
  follow(onNotice: (notice: Notice) => void, signal: AbortSignal): Promise<void>;
};

/** Wait before a lost event stream is opened again. */
const reopenMs = 100;

/** Builds the coordinator of a plant; it does not run yet. */
export function coordinatorMember(plant: Plant): CoordinatorMember {
  const base = `http://127.0.0.1:${plant.ports.admin}`;
  const headers = { authorization: `Bearer ${plant.operatorToken}` };
  return {
    daemon: daemon({
      name: "coordinator",
      args: commandLine(["coordinator", "run", join(plant.directory, "coordinator.yaml")]),
      cwd: plant.directory,
      logFile: join(plant.directory, "logs", "coordinator.log"),
      ready: healthy(plant.ports.admin),
      readyTimeoutMs: 60_000,
    }),
    ask: async (path, body) => {
      const response = await fetch(`${base}/v1/admin/${path}`, {
        headers: { ...headers, "content-type": "application/json" },
        ...(body ? { method: "POST", body: JSON.stringify(body) } : {}),
      });
      return Object(await response.json());
    },
    async follow(onNotice, signal) {
      while (!signal.aborted) {
        try {
          const response = await fetch(`${base}/v1/admin/events`, { headers, signal });
          for await (const data of eventsOf(response)) onNotice(JSON.parse(data));
        } catch {
          // The coordinator is away, killed perhaps: it comes back, and so does the stream.
        }
        await new Promise((resolve) => setTimeout(resolve, reopenMs));
      }
    },
  };
}

/** Cuts a stream of server-sent events into their data (WHATWG HTML §9.2). */
export async function* eventsOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n").filter((line) => line.startsWith("data: "));
      if (lines.length > 0) yield lines.map((line) => line.slice(6)).join("\n");
    }
  }
}
