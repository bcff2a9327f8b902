export type {
  GatewayOptions,
  OtaPlant,
  PlantBundle,
  PlantGateway,
  Wire,
} from "./testing/ota-plant.ts";
export { identityOf, inChunks, otaPlant, plantLine, plantStartUs } from "./testing/ota-plant.ts";
