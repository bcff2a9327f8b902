import { link, open, readFile, unlink } from "node:fs/promises";
import { dirname } from "node:path";

import { EdgeloopError, hasCode, utf8 } from "@edgeloop/core/platform";

import type { SigningKey } from "../keys.ts";
import { exportKey, generateKey, importKey } from "../keys.ts";

/** What a key may sign: releases and lines (offline), rounds and freshness (online), or one device's messages. */
export type KeyRole = "offline" | "online" | "device";

/**
 * Makes a key and writes it to a new file that only its owner may read (mode 0600).
 *
 * Offline and online keys live in different files, made by different commands on different machines.
 *
 * @throws `KEY_FILE_EXISTS`: a key is never overwritten.
 */
export async function createKeyFile(path: string, role: KeyRole): Promise<SigningKey> {
  const key = await generateKey();
  const text = `${JSON.stringify({ format: 1, role, jwk: await exportKey(key) })}\n`;
  const draft = `${path}.${key.keyId.slice(0, 8)}.tmp`;
  {
    await using file = await open(draft, "wx", 0o600);
    await file.writeFile(utf8(text));
    await file.sync();
  }
  // A link is made whole or not at all, and never over an existing name.
  try {
    await link(draft, path);
  } catch (cause) {
    throw hasCode(cause, "EEXIST") ? exists(path, cause) : cause;
  } finally {
    await unlink(draft);
  }
  await using directory = await open(dirname(path), "r");
  await directory.sync();
  return readKeyFile(path, role);
}

/**
 * Reads a key file.
 *
 * @throws `KEY_FILE_MISSING`, `KEY_FILE_INVALID` (also when others may read it), `KEY_ROLE_MISMATCH`
 */
export async function readKeyFile(path: string, role: KeyRole): Promise<SigningKey> {
  const json = await readJson(path);
  if (json["format"] !== 1) throw invalid(path, "expected format 1");
  if (json["role"] !== role) {
    throw new EdgeloopError("KEY_ROLE_MISMATCH", `${path} does not hold the ${role} key`, {
      details: { path, role },
    });
  }
  try {
    return await importKey(json["jwk"]);
  } catch (cause) {
    throw invalid(path, "expected an Ed25519 key pair", cause);
  }
}

async function readJson(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    await using file = await open(path, "r");
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0) throw invalid(path, "others may read it; run chmod 600");
    const json: unknown = JSON.parse((await readFile(file)).toString("utf8"));
    if (typeof json === "object" && json !== null) return { ...json };
  } catch (cause) {
    if (hasCode(cause, "KEY_FILE_INVALID")) throw cause;
    if (!hasCode(cause, "ENOENT")) throw invalid(path, "expected JSON", cause);
    throw missing(path, cause);
  }
  throw invalid(path, "expected a JSON object");
}

const exists = (path: string, cause: unknown): EdgeloopError =>
  new EdgeloopError("KEY_FILE_EXISTS", `${path} exists; a key is never overwritten`, {
    details: { path },
    cause,
  });

const missing = (path: string, cause: unknown): EdgeloopError =>
  new EdgeloopError("KEY_FILE_MISSING", `${path} is missing; edgeloop keys init makes it`, {
    details: { path },
    cause,
  });

const invalid = (path: string, message: string, cause?: unknown): EdgeloopError =>
  new EdgeloopError("KEY_FILE_INVALID", `${path}: ${message}`, {
    details: { path },
    ...(cause === undefined ? {} : { cause }),
  });
