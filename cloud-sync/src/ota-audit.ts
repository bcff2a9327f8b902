import { parseManifest } from "@edgeloop/core/bundle";
import { fromUtf8 } from "@edgeloop/core/platform";
import { z } from "zod";
import { otaError } from "./ota-error.ts";
import { parseLine } from "./ota-line.ts";
import { parseWire, wire } from "./wire-schema.ts";

const hex = (bytes: number): z.ZodString =>
  z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
const path = z.string().max(256);
const hashes = z.strictObject({ sha256: wire.sha256 });
const metaFile = z.strictObject({ version: wire.positive, length: wire.count, hashes });
const key = z.strictObject({
  keytype: z.literal("ed25519"),
  scheme: z.literal("ed25519"),
  keyval: z.strictObject({ public: hex(32) }),
});
const keys = z.record(wire.sha256, key);
const role = { keyids: z.array(wire.sha256).max(64), threshold: wire.positive } as const;
const term = {
  spec_version: z.string().regex(/^\d+\.\d+\.\d+$/),
  version: wire.positive,
  expires: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
} as const;
const delegations = z.strictObject({
  keys,
  roles: z.array(
    z.strictObject({ ...role, name: path, terminating: z.boolean(), paths: z.array(path) }),
  ),
});
const metadata = z.strictObject({
  signatures: z.array(z.strictObject({ keyid: wire.sha256, sig: hex(64) })).max(64),
  signed: z.discriminatedUnion("_type", [
    z.strictObject({
      _type: z.literal("root"),
      ...term,
      consistent_snapshot: z.boolean(),
      keys,
      roles: z.record(
        z.enum(["root", "targets", "snapshot", "timestamp"]),
        z.strictObject({ ...role }),
      ),
    }),
    z.strictObject({
      _type: z.literal("targets"),
      ...term,
      targets: z.record(path, z.strictObject({ length: wire.count, hashes })),
      delegations: delegations.exactOptional(),
    }),
    z.strictObject({ _type: z.literal("snapshot"), ...term, meta: z.record(path, metaFile) }),
    z.strictObject({ _type: z.literal("timestamp"), ...term, meta: z.record(path, metaFile) }),
  ]),
});

/**
 * Refuses a file of an update repository that holds more than our own side writes.
 *
 * TUF's readers keep fields that they do not know, as the specification wants; who asks what crossed a wire must not
 * believe that such a field is metadata.
 *
 * @param name Path below the repository: `metadata/…` or `targets/…`.
 * @throws `MESSAGE_INVALID`, `OTA_METADATA_INVALID`, `LINE_INVALID`, `BUNDLE_MANIFEST_INVALID`
 */
export function auditRepositoryFile(name: string, bytes: Uint8Array): void {
  if (/^targets\/lines\/[^/]+$/.test(name)) parseLine(bytes);
  else if (/^targets\/(releases|rounds)\/[^/]+\/[^/]+$/.test(name)) parseManifest(bytes);
  else if (name.startsWith("metadata/")) auditMetadata(name, fromUtf8(bytes));
  else throw otaError("OTA_METADATA_INVALID", `${name} is no file of a repository`);
}

function auditMetadata(name: string, text: string): void {
  const json: unknown = JSON.parse(text);
  parseWire("metadata", metadata, json);
  // A name given twice, or space between the names, is read by nobody and could say anything.
  if (JSON.stringify(json) === text) return;
  throw otaError("OTA_METADATA_INVALID", `${name}: expected JSON as this version writes it`);
}
