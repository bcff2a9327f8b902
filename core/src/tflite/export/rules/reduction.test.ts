import { exportAgrees } from "../../../../../test/tflite-oracle.ts";

exportAgrees([
  ...["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2"],
  ...["ReduceSumSquare", "Softmax", "LogSoftmax", "CumSum"],
]);
