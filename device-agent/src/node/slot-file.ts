import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { fromUtf8, utf8 } from "@edgeloop/core/platform";
import { readFileOrPrevious, sha256Sync, writeFileAtomic } from "@edgeloop/core/platform/node";
import type { SlotFile } from "../slot-keeper.ts";

/**
 * Keeps the slots in a file with a checksum inside and its previous content beside it.
 *
 * A file that a power cut or a bad sector damaged is answered by the previous one, and when neither can be read by
 * nothing: the model is fetched again.
 */
export function slotFile(path: string): SlotFile {
  return {
    async read() {
      try {
        return (await readFileOrPrevious(path, parse))?.value;
      } catch {
        return {}; // No slots that could be parsed: reported by who asked.
      }
    },
    async write(state) {
      const json = JSON.stringify(state);
      const bytes = utf8(`${sha256Sync(utf8(json))}\n${json}\n`);
      await mkdir(dirname(path), { recursive: true });
      await writeFileAtomic(path, bytes, { keepPrevious: true });
    },
  };
}

function parse(bytes: Uint8Array): unknown {
  const [sum = "", json = ""] = fromUtf8(bytes).split("\n");
  if (sha256Sync(utf8(json)) !== sum) throw new Error("the checksum is not the content's");
  return JSON.parse(json);
}
