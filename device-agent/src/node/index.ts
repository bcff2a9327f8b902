export type { AdapterOpeners, AdapterSurroundings } from "./adapters.ts";
export { adapterOpeners, openAdapter } from "./adapters.ts";
export type { Gateway, GatewayOptions } from "./gateway.ts";
export { runGateway } from "./gateway.ts";
export type { Stores } from "./gateway-parts.ts";
