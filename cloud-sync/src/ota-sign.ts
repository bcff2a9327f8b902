import type { Sha256 } from "@edgeloop/core/platform";
import { toHex, utf8 } from "@edgeloop/core/platform";
import {
  Key,
  Metadata,
  MetaFile,
  Root,
  Signature,
  Snapshot,
  TargetFile,
  Targets,
  Timestamp,
} from "@tufjs/models";

import type { SigningKey, VerifyKey } from "./keys.ts";
import { signBytes } from "./keys.ts";
import type { Signed } from "./ota-metadata.ts";
import { parseTargets, sha256OfTarget } from "./ota-metadata.ts";

/** The TUF specification that we write; readers check the major number. */
const specVersion = "1.0.31";

/** Version and expiry of a metadata file. */
export type Term = { readonly version: number; readonly expiresUs: number };

/** Keys of the four top-level roles, and how many of each have to sign. */
export type RootKeys = Readonly<
  Record<"root" | "targets" | "snapshot" | "timestamp", readonly VerifyKey[]>
> & { readonly threshold?: number };

/** A file that metadata names. */
export type NamedContent = { readonly bytes: number; readonly sha256: Sha256 };

/** A delegation of some target paths to one key. */
export type Delegation = {
  readonly role: string;
  readonly paths: readonly string[];
  readonly keys: readonly VerifyKey[];
};

/** Signs a root. A root that replaces another is signed by the keys of both. */
export function signRoot(
  keys: RootKeys,
  term: Term,
  signers: readonly SigningKey[],
): Promise<Uint8Array<ArrayBuffer>> {
  const root = new Root({ ...common(term), consistentSnapshot: true });
  for (const role of ["root", "targets", "snapshot", "timestamp"] as const) {
    for (const key of keys[role]) root.addKey(tufKey(key), role);
  }
  if (keys.threshold === undefined) return signed(root, signers);
  const json = root.toJSON();
  const roles = Object.entries(root.roles).map(([name, role]) => [
    name,
    { ...role.toJSON(), threshold: keys.threshold ?? 1 },
  ]);
  return signed(Root.fromJSON({ ...json, roles: Object.fromEntries(roles) }), signers);
}

/** Signs a targets role, the top-level one or a delegated one. */
export function signTargets(
  content: {
    readonly targets: ReadonlyMap<string, NamedContent>;
    readonly delegations?: readonly Delegation[];
  },
  term: Term,
  signers: readonly SigningKey[],
): Promise<Uint8Array<ArrayBuffer>> {
  const json = new Targets(common(term)).toJSON();
  const targets = [...content.targets].map(([path, { bytes, sha256 }]) => [
    path,
    new TargetFile({ path, length: bytes, hashes: { sha256 } }).toJSON(),
  ]);
  const delegations = content.delegations?.length ? delegationsJson(content.delegations) : {};
  return signed(
    Targets.fromJSON({ ...json, targets: Object.fromEntries(targets), ...delegations }),
    signers,
  );
}

/** Signs a snapshot over the targets roles, by file name. */
export function signSnapshot(
  meta: ReadonlyMap<string, NamedContent & { readonly version: number }>,
  term: Term,
  signers: readonly SigningKey[],
): Promise<Uint8Array<ArrayBuffer>> {
  const files = [...meta].map(([file, named]): [string, MetaFile] => [file, metaFile(named)]);
  return signed(new Snapshot({ ...common(term), meta: Object.fromEntries(files) }), signers);
}

/** Signs a timestamp over a snapshot. */
export const signTimestamp = (
  snapshot: NamedContent & { readonly version: number },
  term: Term,
  signers: readonly SigningKey[],
): Promise<Uint8Array<ArrayBuffer>> =>
  signed(new Timestamp({ ...common(term), snapshotMeta: metaFile(snapshot) }), signers);

/** Reads the targets that some targets metadata names, to sign them again with others. */
export function targetsOf(bytes: Uint8Array): ReadonlyMap<string, NamedContent> {
  const targets = Object.values(parseTargets(bytes).signed.targets);
  return new Map(
    targets.map((target) => [
      target.path,
      { bytes: target.length, sha256: sha256OfTarget(target) },
    ]),
  );
}

const common = ({ version, expiresUs }: Term): ConstructorParameters<typeof Targets>[0] => ({
  version,
  specVersion,
  // TUF 4.2.1: seconds, UTC.
  expires: new globalThis.Date(Math.floor(expiresUs / 1000)).toISOString().replace(/\.\d+Z$/, "Z"),
});

const metaFile = ({
  version,
  bytes,
  sha256,
}: NamedContent & { readonly version: number }): MetaFile =>
  new MetaFile({ version, length: bytes, hashes: { sha256 } });

const tufKey = (key: VerifyKey): Key =>
  new Key({
    keyID: key.keyId,
    keyType: "ed25519",
    scheme: "ed25519",
    keyVal: { public: toHex(key.raw) },
  });

function delegationsJson(delegations: readonly Delegation[]) {
  const keys = delegations.flatMap((delegation) => delegation.keys);
  return {
    delegations: {
      keys: Object.fromEntries(keys.map((key) => [key.keyId, tufKey(key).toJSON()])),
      roles: delegations.map(({ role, paths, keys: by }) => ({
        name: role,
        keyids: by.map((key) => key.keyId),
        threshold: 1,
        terminating: true,
        paths: [...paths],
      })),
    },
  };
}

// The models sign synchronously, WebCrypto does not: the bytes to sign are taken from the models, the signature is ours.
async function signed(
  part: Signed,
  signers: readonly SigningKey[],
): Promise<Uint8Array<ArrayBuffer>> {
  const metadata = new Metadata(part);
  for (const key of signers) {
    let bytes: Uint8Array = new Uint8Array();
    metadata.sign((canonical) => {
      bytes = canonical;
      return new Signature({ keyID: key.keyId, sig: "" });
    });
    const sig = toHex(await signBytes(key, bytes));
    metadata.signatures[key.keyId] = new Signature({ keyID: key.keyId, sig });
  }
  return utf8(JSON.stringify(metadata.toJSON()));
}
