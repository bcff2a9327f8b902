import { readFile } from "node:fs/promises";
import type { Server, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { EdgeloopError } from "@edgeloop/core/platform";

/** Certificate chain and key, PEM. */
export type TlsFiles = { readonly certificate: string; readonly key: string };

/** Where a server listens. */
export type Listen = {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Absent for plain text, which is for loopback only. */
  readonly tls?: { readonly cert: Uint8Array; readonly key: Uint8Array };
};

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

/**
 * Checks that nothing would be spoken in plain text off loopback.
 *
 * @throws `CONNECTION_INSECURE`
 * @example
 * checkListen({ host: "127.0.0.1", port: 0 }); // => undefined
 */
export function checkListen({ host, tls }: Listen): void {
  if (tls === undefined && !loopback.test(host)) {
    throw new EdgeloopError(
      "CONNECTION_INSECURE",
      `plain text is for loopback only: give ${host} a certificate, or listen on 127.0.0.1`,
      { details: { host } },
    );
  }
}

/** Reads certificate and key. */
export async function readTls(files: TlsFiles): Promise<NonNullable<Listen["tls"]>> {
  const [cert, key] = await Promise.all([readFile(files.certificate), readFile(files.key)]);
  return { cert, key };
}

/** Makes a TLS server for raw connections. */
export const secureServer = (
  tls: NonNullable<Listen["tls"]>,
  accept: (socket: Socket) => void,
): Server =>
  createTlsServer(
    { cert: Buffer.from(tls.cert), key: Buffer.from(tls.key), minVersion: "TLSv1.2" },
    accept,
  );

/**
 * Starts listening.
 *
 * @returns The port, chosen by the system when 0 was asked for.
 * @throws `CONNECTION_INSECURE`
 */
export async function listenOn(server: Server, listen: Listen): Promise<number> {
  checkListen(listen);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(listen.port, listen.host, () => resolve());
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : listen.port;
}
