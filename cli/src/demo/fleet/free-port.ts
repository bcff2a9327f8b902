import type { AddressInfo } from "node:net";
import { createServer } from "node:net";

/** Ports that were handed out: the system may name a closed one again before its owner listens. */
const given = new Set<number>();

/**
 * Finds a loopback port that nobody listens on and that was not found before.
 *
 * Daemons of the demo are restarted and must come back where they were, so their ports are chosen beforehand.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  if (given.has(port)) return await freePort();
  given.add(port);
  return port;
}
