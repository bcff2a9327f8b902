import { exportAgrees } from "../../../../../test/tflite-oracle.ts";

exportAgrees(
  ["MaxPool tiling", "AveragePool", "AveragePool tiling", "GlobalAveragePool", "GlobalMaxPool"],
  8,
);
