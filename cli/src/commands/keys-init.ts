import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { publicJwk } from "@edgeloop/cloud-sync";
import { createKeyFile } from "@edgeloop/cloud-sync/node";
import { EdgeloopError, utf8 } from "@edgeloop/core/platform";
import { writeFileAtomic } from "@edgeloop/core/platform/node";
import type { Run } from "../command.ts";
import { textOption } from "../options.ts";

/**
 * Makes one key and writes it where only its owner may read it, with its public half beside it.
 *
 * The offline key and the online key are made by separate commands, on separate machines where it matters.
 *
 * @throws `USAGE`, `KEY_FILE_EXISTS`
 */
export const run: Run = async ({ say }, _args, options) => {
  const role = textOption(options, "role");
  if (role !== "offline" && role !== "online") {
    throw new EdgeloopError("USAGE", `--role is offline or online, not "${role}"`);
  }
  const directory = textOption(options, "out");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, `${role}.json`);
  const publicFile = join(directory, `${role}.pub.json`);
  const key = await createKeyFile(file, role);
  const publicText = `${JSON.stringify({ format: 1, role, jwk: publicJwk(key) })}\n`;
  await writeFileAtomic(publicFile, utf8(publicText));
  say(`${role} key ${key.keyId.slice(0, 16)}… in ${file}; its public half in ${publicFile}`);
  return { format: 1, role, keyId: key.keyId, file, publicFile };
};
