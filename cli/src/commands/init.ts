import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { coordinatorConfigJsonSchema } from "@edgeloop/cloud-sync";
import { EdgeloopError, parseName } from "@edgeloop/core/platform";
import { gatewayConfigJsonSchema } from "@edgeloop/device-agent";
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
import { problemFileJsonSchema } from "../problem-file.ts";

/**
 * Writes `edgeloop.yaml`, `gateway.yaml` and `coordinator.yaml` that can be run as they are, each with the JSON Schema by
 * which editors complete and check it, and asks nothing.
 *
 * @throws `USAGE`, `NAME_INVALID`, `FILE_EXISTS`: nothing is overwritten.
 */
export const run: Run = async ({ say }, [directory = "."], options) => {
  const project = projectOf(options);
  const files = {
    "edgeloop.yaml": withSchema("edgeloop", problemFile(project)),
    "gateway.yaml": withSchema("gateway", gatewayFile(project)),
    "coordinator.yaml": withSchema("coordinator", coordinatorFile(project)),
    [schemaFile("edgeloop")]: jsonText(problemFileJsonSchema()),
    [schemaFile("gateway")]: jsonText(gatewayConfigJsonSchema()),
    [schemaFile("coordinator")]: jsonText(coordinatorConfigJsonSchema()),
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

const schemaFile = (name: string): string => `schemas/${name}.schema.json`;

/** Editors with a YAML language server complete and check a file that names its schema in its first line. */
const withSchema = (name: string, yaml: string): string =>
  `# yaml-language-server: $schema=${schemaFile(name)}\n${yaml}`;

const jsonText = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;

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
