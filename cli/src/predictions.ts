import type { GatewayConfig, PredictionMessage } from "@edgeloop/device-agent";
import { localTopics } from "@edgeloop/device-agent";
import type { Gateway } from "@edgeloop/device-agent/node";
import { connectAsync } from "mqtt";
import type { Context } from "./command.ts";

/** Prints what a gateway predicts, as it is published on its broker, until it is closed. */
export async function printPredictions(
  config: Pick<GatewayConfig, "fleet" | "id" | "line">,
  { brokerUrl }: Pick<Gateway, "brokerUrl">,
  { say }: Pick<Context, "say">,
): Promise<{ close(): Promise<void> }> {
  const client = await connectAsync(brokerUrl);
  client.on("message", (_topic, payload) => say(predictionLine(JSON.parse(payload.toString()))));
  // The gateway's broker goes first when both stop.
  client.on("error", () => undefined);
  await client.subscribeAsync(localTopics(config).inference(config.line), { qos: 1 });
  return { close: () => client.endAsync(true) };
}

/**
 * Writes a prediction as a line: the end of its window, the label, its score, the sensor.
 *
 * @example
 * const at = { format: 1, sensor: "s", startUs: 0, endUs: 1e6, model: "", version: 2, latencyMs: 1.25 };
 * predictionLine({ ...at, label: "still", scores: [0.1, 0.9] }); // => "1970-01-01T00:00:01.000Z  still  90 %  s, version 2, 1.3 ms"
 */
export function predictionLine(message: PredictionMessage): string {
  const { endUs, label, scores, sensor, version, latencyMs } = message;
  const time = new Date(endUs / 1000).toISOString();
  const score = `${Math.round(100 * Math.max(...scores))} %`;
  return `${time}  ${label}  ${score}  ${sensor}, version ${version}, ${latencyMs.toFixed(1)} ms`;
}
