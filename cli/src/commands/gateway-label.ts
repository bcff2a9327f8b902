import { EdgeloopError } from "@edgeloop/core/platform";
import { systemClock } from "@edgeloop/core/platform/node";
import type { GatewayConfig, LabelMessage } from "@edgeloop/device-agent";
import { publishLabel, readGatewayConfig } from "@edgeloop/device-agent/node";
import { brokerUrlOf } from "../broker-url.ts";
import type { Options, Run } from "../command.ts";
import { parseMoment } from "../moment.ts";
import { optionalText, textOption } from "../options.ts";
import { sensorOf } from "../sensor-of.ts";

/**
 * Tells a running gateway what was true over a stretch of sensor time, or up to when its labels are complete. Ends once
 * the gateway has it on disk.
 *
 * @throws `USAGE`, `CONFIG_INVALID`, `BROKER_PORT_UNKNOWN`, `LABEL_INVALID`, `GATEWAY_UNREACHABLE`
 */
export const run: Run = async ({ say }, [file = ""], options) => {
  const config = await readGatewayConfig(file);
  const message = messageOf(config, options);
  const url = optionalText(options, "broker") ?? brokerUrlOf(config);
  await publishLabel({ url, fleet: config.fleet, id: config.id, message }).catch(
    (cause: unknown) => {
      throw cause instanceof EdgeloopError ? cause : unreachable(url, cause);
    },
  );
  say(
    message.kind === "label"
      ? `${message.sensor} was ${message.label} for ${(message.endUs - message.startUs) / 1e6} s: stored`
      : `labels of ${message.sensor} are complete up to ${message.completeUntilUs}: stored`,
  );
  return { format: 1, id: config.id, ...message };
};

function messageOf(config: GatewayConfig, options: Options): LabelMessage {
  const nowUs = systemClock.nowUs();
  const moment = (name: string): number => parseMoment(textOption(options, name), nowUs);
  const sensor = sensorOf(config, optionalText(options, "sensor"));
  if (optionalText(options, "completeUntil") !== undefined) {
    return { kind: "complete", sensor, completeUntilUs: moment("completeUntil") };
  }
  return {
    kind: "label",
    sensor,
    startUs: moment("from"),
    endUs: moment("to"),
    label: textOption(options, "label"),
    by: optionalText(options, "by") ?? "operator",
  };
}

const unreachable = (url: string, cause: unknown): EdgeloopError =>
  new EdgeloopError(
    "GATEWAY_UNREACHABLE",
    `nobody answers at ${url}: start it with edgeloop gateway run`,
    { cause },
  );
