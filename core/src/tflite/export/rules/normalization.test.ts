import { exportAgrees } from "../../../../../test/tflite-oracle.ts";

exportAgrees([
  ...["BatchNormalization", "InstanceNormalization", "GroupNormalization", "LayerNormalization"],
]);
