export type { ClassScores } from "./classification.ts";
export { accuracy, balancedAccuracy, classScores, macroF1 } from "./classification.ts";
export type { ConfusionMatrix, SlicedConfusion } from "./confusion.ts";
export {
  confusionMatrix,
  confusionTotal,
  mergeConfusion,
  mergeSliced,
  totalConfusion,
} from "./confusion.ts";
export type { DriftDetector, DriftEvent, DriftOptions, DriftState, FeatureShift } from "./drift.ts";
export { driftDefaults, driftDetector } from "./drift.ts";
export { autocorrelationTime } from "./effective-size.ts";
export type { Histogram, HistogramBuilder } from "./histogram.ts";
export {
  emptyHistogram,
  histogramBinEdges,
  histogramBuilder,
  histogramQuantile,
  mergeHistograms,
  parseHistogram,
} from "./histogram.ts";
export type { KolmogorovSmirnov } from "./kolmogorov-smirnov.ts";
export { kolmogorovPValue, kolmogorovSmirnov, largestGap } from "./kolmogorov-smirnov.ts";
export type { LatencyRecorder, LatencySummary } from "./latency.ts";
export { latencyRecorder, latencySamplesMax, percentile } from "./latency.ts";
export type { Moments } from "./moments.ts";
export {
  addMoments,
  mergeMoments,
  noMoments,
  standardDeviation,
  variance,
} from "./moments.ts";
export type { NoveltyReference } from "./novelty.ts";
export { novelty, noveltyReference } from "./novelty.ts";
export type { RegressionScores, RegressionSums } from "./regression.ts";
export { addRegression, mergeRegression, noRegression, regressionScores } from "./regression.ts";
export { windowFeatureNames, windowFeatures } from "./window-features.ts";
