import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SigningKey, VerifyKey } from "@edgeloop/cloud-sync";
import { enrol, importPublicKey, parseEnrolmentToken } from "@edgeloop/cloud-sync";
import { createKeyFile, readKeyFile } from "@edgeloop/cloud-sync/node";
import type { Name } from "@edgeloop/core/platform";
import { EdgeloopError, fromHex, fromUtf8, hasCode, toHex, utf8 } from "@edgeloop/core/platform";
import { readFileOrPrevious, sha256Sync, writeFileAtomic } from "@edgeloop/core/platform/node";
import type { CoordinatorConfig } from "../config.ts";
import { enrolmentTimeoutMs } from "../limits.ts";

/** Who this gateway is, and whom it believes. */
export type Identity = {
  readonly key: SigningKey;
  readonly coordinatorKey: VerifyKey;
  /** Bytes of the TUF root that updates start from. */
  readonly root: Uint8Array;
};

/** What enrolling needs. */
export type EnrolmentOptions = {
  /** Holds the key and what enrolment brought. */
  readonly directory: string;
  readonly device: Name;
  readonly fleet: Name;
  readonly coordinator: CoordinatorConfig;
  readonly fetch: typeof globalThis.fetch;
};

/**
 * Reads this gateway's identity, or enrols with the token the first time.
 *
 * The key is made here and never leaves; the token's secret never crosses the wire.
 *
 * @throws `ENROLMENT_TOKEN_MISSING`, `ENROLMENT_FLEET_MISMATCH`, `ENROLMENT_DAMAGED`, and what enrolling throws.
 */
export async function openIdentity(options: EnrolmentOptions): Promise<Identity> {
  const key = await deviceKey(join(options.directory, "device.key"));
  const file = join(options.directory, "enrolment.json");
  const known = await readFileOrPrevious(file, parse);
  if (known !== undefined) {
    const { coordinatorKey, root } = known.value;
    return { key, coordinatorKey: await importPublicKey(coordinatorKey), root };
  }
  const result = await takePlace(options, key);
  const stored = { coordinatorKey: toHex(result.coordinatorKey.raw), root: toHex(result.root) };
  await writeFileAtomic(file, format(JSON.stringify({ format: 1, ...stored })), {
    keepPrevious: true,
  });
  return { key, ...result };
}

async function deviceKey(path: string): Promise<SigningKey> {
  try {
    return await readKeyFile(path, "device");
  } catch (error) {
    if (!hasCode(error, "KEY_FILE_MISSING")) throw error;
    return await createKeyFile(path, "device");
  }
}

async function takePlace(
  { coordinator, device, fleet, fetch }: EnrolmentOptions,
  key: SigningKey,
): Promise<Omit<Identity, "key">> {
  const token = await readToken(coordinator);
  const { fleet: tokenFleet } = parseEnrolmentToken(token);
  if (tokenFleet !== fleet) {
    throw new EdgeloopError("ENROLMENT_FLEET_MISMATCH", `the token is for the fleet ${tokenFleet}`);
  }
  const { coordinatorKey, root } = await enrol({
    token,
    device,
    key,
    url: coordinator.url,
    fetch,
    signal: AbortSignal.timeout(enrolmentTimeoutMs),
  });
  return { coordinatorKey, root };
}

async function readToken({ tokenFile }: CoordinatorConfig): Promise<string> {
  const missing = (cause?: unknown): EdgeloopError =>
    new EdgeloopError(
      "ENROLMENT_TOKEN_MISSING",
      "this gateway is not enrolled: name a file with a token as coordinator.tokenFile",
      { details: { tokenFile }, cause },
    );
  if (tokenFile === undefined) throw missing();
  return await readFile(tokenFile, "utf8").catch((cause: unknown) => {
    throw missing(cause);
  });
}

const format = (json: string): Uint8Array => utf8(`${sha256Sync(utf8(json))}\n${json}\n`);

function parse(bytes: Uint8Array): {
  readonly coordinatorKey: Uint8Array;
  readonly root: Uint8Array;
} {
  const [sum = "", json = ""] = fromUtf8(bytes).split("\n");
  if (sha256Sync(utf8(json)) !== sum) throw damaged();
  const fields = JSON.parse(json);
  const [coordinatorKey, root] = [fromHex(fields.coordinatorKey), fromHex(fields.root)];
  if (fields.format !== 1 || coordinatorKey === undefined || root === undefined) throw damaged();
  return { coordinatorKey, root };
}

const damaged = (): EdgeloopError =>
  new EdgeloopError("ENROLMENT_DAMAGED", "what enrolment brought is damaged: enrol again");
