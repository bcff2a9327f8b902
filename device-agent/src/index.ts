export type {
  ChannelConfig,
  CoordinatorConfig,
  FormatConfig,
  GatewayConfig,
  SensorConfig,
} from "./config.ts";
export { gatewayConfigJsonSchema, isLoopback, parseGatewayConfig } from "./config.ts";
export type { CoordinatorLink, LinkParts } from "./coordinator-link.ts";
export type { EventMessage, GatewayEvent } from "./events.ts";
export type { Health } from "./health.ts";
export type { LabelMessage } from "./label-message.ts";
export { parseLabelMessage } from "./label-message.ts";
export type { PredictionMessage } from "./prediction.ts";
export type { LocalTopics } from "./topics.ts";
export { localTopics } from "./topics.ts";
