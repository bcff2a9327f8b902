import { exportAgrees } from "../../../../../test/tflite-oracle.ts";

exportAgrees([
  ...["Abs", "Neg", "Sqrt", "Exp", "Log", "Sin", "Cos", "Cast", "Sigmoid", "Tanh", "Relu"],
  ...["LeakyRelu", "HardSwish", "Elu", "Gelu", "Gelu tanh", "Clip", "PRelu", "Add", "Sub", "Mul"],
  ...["Div", "Pow", "Min", "Max", "Sum", "Where"],
]);
