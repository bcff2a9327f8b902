import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { hasCode } from "@edgeloop/core/platform";

/** Below what Linux gives to outgoing connections (`ip_local_port_range`), which could take a port before its owner listens. */
const range = { from: 15_000, to: 32_768 };

/** Ports that were handed out, and whose owners may not listen yet. */
const given = new Set<number>();

/**
 * Finds a loopback port that nobody listens on and that was not found before.
 *
 * Daemons of the demo are restarted and must come back where they were, so their ports are chosen beforehand.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(range.from, range.to);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      if (hasCode(error, "EADDRINUSE")) resolve(false);
      else reject(error);
    });
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
