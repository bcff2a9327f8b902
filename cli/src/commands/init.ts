import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EdgeloopError, parseName } from "@edgeloop/core/platform";
import { parseChannels } from "../channels.ts";
import type { Options, Run } from "../command.ts";
import type { Project } from "../init/project.ts";
import {
  coordinatorFile,
  gatewayFile,
  operatorTokenFile,
  problemFile,
} from "../init/project-files.ts";
import { numberOption, textOption } from "../options.ts";

/**
 * Writes `edgeloop.yaml`, `gateway.yaml` and `coordinator.yaml` that can be run as they are, and asks nothing.
 *
 * @throws `USAGE`, `NAME_INVALID`, `FILE_EXISTS`: nothing is overwritten.
 */
export const run: Run = async ({ say }, [directory = "."], options) => {
  const project = projectOf(options);
  const files = {
    "edgeloop.yaml": problemFile(project),
    "gateway.yaml": gatewayFile(project),
    "coordinator.yaml": coordinatorFile(project),
    [operatorTokenFile]: `${randomBytes(24).toString("base64url")}\n`,
  };
  const paths = Object.keys(files).map((name) => join(directory, name));
  const there = paths.find(existsSync);
  if (there) throw new EdgeloopError("FILE_EXISTS", `${there} exists; nothing is overwritten`);
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: name === operatorTokenFile ? 0o600 : 0o644 });
    say(`wrote ${path}`);
  }
  return { format: 1, files: paths };
};

function projectOf(options: Options): Project {
  const name = (option: string): Project["name"] => parseName(textOption(options, option));
  const classes = textOption(options, "classes").split(",");
  if (new Set(classes.map((text) => text.trim())).size !== classes.length || classes.length < 2) {
    throw new EdgeloopError("USAGE", "--classes takes at least two, each once: normal,fault");
  }
  return {
    name: name("name"),
    sensor: name("sensor"),
    topic: textOption(options, "topic"),
    channels: parseChannels(textOption(options, "channels")),
    rateHz: numberOption(options, "rate", { min: 0.001, max: 1e6 }),
    classes: classes.map((text) => text.trim()),
    gateway: name("gateway"),
    fleet: name("fleet"),
  };
}
