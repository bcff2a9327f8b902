export type { MqttOptions } from "./mqtt.ts";
export { mqttAdapter } from "./mqtt.ts";
