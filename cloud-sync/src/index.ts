export { fromBase64, toBase64, toBase64Url } from "./base64.ts";
export { rateShare } from "./campaign-plan.ts";
export type { ParsedYaml } from "./config-yaml.ts";
export { configBytesMax, parseYaml } from "./config-yaml.ts";
export type { CoordinatorApi, CoordinatorApiOptions } from "./coordinator-api.ts";
export { coordinatorApi } from "./coordinator-api.ts";
export type { CoordinatorConfig } from "./coordinator-config.ts";
export { coordinatorConfigJsonSchema, parseCoordinatorConfig } from "./coordinator-config.ts";
export type { CoordinatorNotice } from "./coordinator-ports.ts";
export type { CoordinatorStatus, StatusEntry } from "./coordinator-status.ts";
export type { EnvelopeClaims, OpenedEnvelope } from "./dsse.ts";
export {
  envelopeBytesMax,
  openEnvelope,
  pae,
  parseObject,
  payloadType,
  readEnvelope,
  signEnvelope,
} from "./dsse.ts";
export type { Enrolled, EnrolOptions } from "./enrol.ts";
export { enrol } from "./enrol.ts";
export type {
  Enrolment,
  EnrolmentDesk,
  EnrolmentLedger,
  EnrolmentRequest,
  EnrolmentResult,
} from "./enrolment.ts";
export { acceptEnrolment, redeemEnrolment, requestEnrolment } from "./enrolment.ts";
export type {
  EnrolmentAnswerMessage,
  EnrolmentClaims,
  EnrolmentRequestMessage,
} from "./enrolment-messages.ts";
export { parseEnrolmentAnswer, parseEnrolmentRequest } from "./enrolment-messages.ts";
export type { EnrolmentRecord, EnrolmentToken } from "./enrolment-token.ts";
export { createEnrolmentToken, enrolmentRecord, parseEnrolmentToken } from "./enrolment-token.ts";
export type { EnrolmentErrorCode, OtaErrorCode, TrustErrorCode } from "./errors.ts";
export type { ExactSum, SumLimits } from "./exact-sum.ts";
export { addTo, exactSum, gridStep, meanOf, mergeInto } from "./exact-sum.ts";
export type { ModelFigures, RoundFigures } from "./federated-figures.ts";
export type {
  Acknowledgement,
  Bell,
  DeviceEvent,
  DeviceState,
  Rollout,
  RolloutReport,
  WorkKind,
  WorkList,
} from "./fleet-messages.ts";
export {
  parseAcknowledgement,
  parseBell,
  parseDeviceState,
  parseWorkList,
} from "./fleet-messages.ts";
export type { JwtClaims, JwtOptions, JwtVerification } from "./jwt.ts";
export { jwtLifetimeSecondsMax, jwtReplayGuard, mintJwt, verifyJwt } from "./jwt.ts";
export type { PrivateJwk, PublicJwk, SigningKey, VerifyKey } from "./keys.ts";
export {
  exportKey,
  generateKey,
  importKey,
  importPublicKey,
  publicJwk,
  signBytes,
  verifyBytes,
} from "./keys.ts";
export { loadModel } from "./line-models.ts";
export type { LoopConfig } from "./loop-config.ts";
export { loopJsonSchema, parseProblemLoop } from "./loop-config.ts";
export type { MessageKind, Messages } from "./messages.ts";
export { messageParsers } from "./messages.ts";
export { auditRepositoryFile } from "./ota-audit.ts";
export type { AcceptedBundle, SignedBundle } from "./ota-chain.ts";
export type { Line } from "./ota-line.ts";
export { lineBytes, lineOf, parseLine } from "./ota-line.ts";
export type { ManifestTarget } from "./ota-names.ts";
export { lineTarget, parseManifestTarget, releaseTarget, roundTarget } from "./ota-names.ts";
export type {
  HttpRepositoryOptions,
  RepositoryAnswer,
  RepositoryFetch,
  RepositoryRequest,
} from "./ota-repository.ts";
export { httpRepository } from "./ota-repository.ts";
export type {
  Installation,
  Installer,
  Participant,
  Readiness,
  ReleaseRef,
  TrainedUpdate,
} from "./participant.ts";
export type { Plan, PlanCarry, PlanData, PlanLimits, PlanStep, PlanTraining } from "./plan.ts";
export { isHeldOut, parsePlan, planBlobs } from "./plan.ts";
export type {
  Answer,
  CalibrationReport,
  CalibrationResult,
  CalibrationTask,
  EvaluatedModel,
  EvaluationReport,
  EvaluationResult,
  EvaluationTask,
  Offer,
  RoundHeader,
  SliceConfusion,
  UpdateHeader,
} from "./round-messages.ts";
export { parseSecureUrl } from "./secure-url.ts";
export type { FedAvgState, FedAvgSum } from "./strategies/fed-avg.ts";
export { fedAvg } from "./strategies/fed-avg.ts";
export type { Strategy } from "./strategy.ts";
export type { Counters, ModelRef } from "./wire-schema.ts";
