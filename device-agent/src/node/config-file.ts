import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { GatewayConfig, SensorConfig } from "../config.ts";
import { parseGatewayConfig } from "../config.ts";

/**
 * Reads `gateway.yaml`; its relative paths are relative to the folder that it is in.
 *
 * @throws `CONFIG_MISSING`, and what `parseGatewayConfig` throws.
 */
export async function readGatewayConfig(file: string): Promise<GatewayConfig> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw missing(file, cause);
  });
  const config = parseGatewayConfig(text, file);
  const absolute = (path: string): string => resolve(dirname(file), path);
  const { coordinator } = config;
  return {
    ...config,
    dataDirectory: absolute(config.dataDirectory),
    sensors: config.sensors.map(
      (sensor): SensorConfig =>
        sensor.kind === "replay" ? { ...sensor, recording: absolute(sensor.recording) } : sensor,
    ),
    ...(coordinator?.tokenFile === undefined
      ? {}
      : { coordinator: { ...coordinator, tokenFile: absolute(coordinator.tokenFile) } }),
  };
}

const missing = (file: string, cause: unknown): EdgeloopError =>
  new EdgeloopError("CONFIG_MISSING", `${file}: expected a readable gateway.yaml`, {
    details: { file },
    cause,
  });
