import { exportAgrees } from "../../../../test/tflite-oracle.ts";

exportAgrees([
  ...["Reciprocal", "Tan", "Softplus", "Softsign", "Mish", "HardSigmoid", "HardSigmoid steep"],
  ...["Elu 0.5", "Celu", "Selu", "Selu 1.5", "Mean"],
]);
