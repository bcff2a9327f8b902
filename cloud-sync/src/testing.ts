export type { FailingStore, StoreFault } from "./testing/failing-store.ts";
export { failingStore } from "./testing/failing-store.ts";
export type {
  DeviceSays,
  MemoryCoordinator,
  MemoryCoordinatorOptions,
  MemoryDevice,
} from "./testing/memory-coordinator.ts";
export { memoryCoordinator, memorySettings, paperModels } from "./testing/memory-coordinator.ts";
export type {
  DeviceOptions,
  NoticeBoard,
  PlantDevice,
  RoundPlant,
  RunningPlant,
  StartOptions,
} from "./testing/node/round-plant.ts";
export { noticeBoard, plantApi, roundPlant } from "./testing/node/round-plant.ts";
export type {
  GatewayOptions,
  OtaPlant,
  PlantBundle,
  PlantGateway,
  Wire,
} from "./testing/ota-plant.ts";
export { identityOf, inChunks, otaPlant, plantLine, plantStartUs } from "./testing/ota-plant.ts";
export type { ToyData } from "./testing/toy-line.ts";
export { toyBundle, toyClasses, toyData, toyLine, toyShape } from "./testing/toy-line.ts";
export type { ToyParticipantOptions } from "./testing/toy-participant.ts";
export { toyParticipant } from "./testing/toy-participant.ts";
