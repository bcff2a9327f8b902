// The client under test of the tuf-conformance suite (theupdateframework/tuf-conformance, CLIENT-CLI.md). The suite is
// Python and is not part of `npm test`; how to run it stands in README.md beside this file.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { messageOf, silentLog } from "@edgeloop/core/platform";
import { nodeFileSystem } from "@edgeloop/core/platform/node";
import type { RefreshPorts } from "../../cloud-sync/src/node/ota-refresh.ts";
import { refreshMetadata } from "../../cloud-sync/src/node/ota-refresh.ts";
import { findTarget } from "../../cloud-sync/src/node/ota-search.ts";
import { openOtaStore } from "../../cloud-sync/src/node/ota-store.ts";
import { checkContent } from "../../cloud-sync/src/ota-metadata.ts";
import { targetFile } from "../../cloud-sync/src/ota-names.ts";
import type { RepositoryFetch } from "../../cloud-sync/src/ota-repository.ts";
import { httpRepository, readWhole } from "../../cloud-sync/src/ota-repository.ts";
import type { TrustedSet } from "../../cloud-sync/src/ota-verify.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "metadata-dir": { type: "string", default: "" },
    "metadata-url": { type: "string", default: "" },
    "target-base-url": { type: "string", default: "" },
    "target-dir": { type: "string", default: "" },
    "target-name": { type: "string", multiple: true, default: [] },
  },
});
const metadataDirectory = values["metadata-dir"];
const initialRoot = join(metadataDirectory, "initial-root");

/** The suite serves metadata and targets from two addresses. */
const fetchFrom: RepositoryFetch = (request) => {
  const [folder, ...rest] = request.path.split("/");
  const url = folder === "metadata" ? values["metadata-url"] : values["target-base-url"];
  return httpRepository({ url, fetch })({ ...request, path: rest.join("/") });
};

async function ports(): Promise<RefreshPorts> {
  const store = await openOtaStore(metadataDirectory, {
    fileSystem: nodeFileSystem,
    log: silentLog,
  });
  return { fetch: fetchFrom, store, trustedRoot: await readFile(initialRoot) };
}

const refresh = async (): Promise<TrustedSet> => refreshMetadata(await ports(), Date.now() * 1000);

async function download(): Promise<void> {
  let trusted = await refresh();
  for (const name of values["target-name"]) {
    const found = await findTarget(await ports(), trusted, name);
    trusted = found.trusted;
    const { target } = found;
    const file = join(values["target-dir"], encodeURIComponent(name));
    const held = await readFile(file).catch(() => undefined);
    const isHeld =
      held &&
      (await checkContent(name, held, target).then(
        () => true,
        () => false,
      ));
    if (isHeld) continue;
    const [hash = ""] = Object.values(target.hashes);
    const path = trusted.root.signed.consistentSnapshot
      ? targetFile(name, hash)
      : `targets/${name}`;
    const bytes = await readWhole(fetchFrom, path, { bytesMax: target.length });
    if (!bytes) throw new Error(`the repository has no ${path}`);
    await checkContent(name, bytes, target);
    await writeFile(file, bytes);
  }
}

async function init(source: string): Promise<void> {
  await mkdir(metadataDirectory, { recursive: true });
  const bytes = await readFile(source);
  await writeFile(initialRoot, bytes);
  await writeFile(join(metadataDirectory, "root.json"), bytes);
}

try {
  const [command, argument = ""] = positionals;
  if (command === "init") await init(argument);
  else if (command === "refresh") await refresh();
  else if (command === "download") await download();
  else throw new Error("expected init, refresh or download");
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
