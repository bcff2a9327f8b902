export type { ChannelAddress } from "./byte-channel.ts";
export { openByteChannel } from "./byte-channel.ts";
export type { MqttOptions } from "./mqtt.ts";
export { mqttAdapter } from "./mqtt.ts";
export type { ReplayOptions } from "./replay.ts";
export { replayAdapter } from "./replay.ts";
export type { SerialOptions } from "./serial.ts";
export { serialAdapter } from "./serial.ts";
