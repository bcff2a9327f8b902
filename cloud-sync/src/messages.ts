import type { DeviceEvent, Rollout, RolloutReport } from "./fleet-messages.ts";
import { parseDeviceEvent, parseRollout, parseRolloutReport } from "./fleet-messages.ts";
import type { Plan } from "./plan.ts";
import { parsePlan } from "./plan.ts";
import type {
  Answer,
  CalibrationReport,
  CalibrationTask,
  EvaluationReport,
  EvaluationTask,
  Offer,
  UpdateHeader,
} from "./round-messages.ts";
import {
  parseAnswer,
  parseCalibrationReport,
  parseCalibrationTask,
  parseEvaluationReport,
  parseEvaluationTask,
  parseOffer,
  parseUpdateHeader,
} from "./round-messages.ts";

/** Every signed message of wire format 1, by kind; the kind is part of the envelope's payload type. */
export type Messages = {
  readonly offer: Offer;
  readonly plan: Plan;
  readonly answer: Answer;
  readonly update: UpdateHeader;
  readonly "calibration-task": CalibrationTask;
  readonly calibration: CalibrationReport;
  readonly "evaluation-task": EvaluationTask;
  readonly evaluation: EvaluationReport;
  readonly rollout: Rollout;
  readonly "rollout-report": RolloutReport;
  readonly event: DeviceEvent;
};

/** Names a kind of signed message. */
export type MessageKind = keyof Messages;

/** How each kind is read; a kind without a row does not compile. */
export const messageParsers: {
  readonly [Kind in MessageKind]: (value: unknown) => Messages[Kind];
} = {
  offer: parseOffer,
  plan: parsePlan,
  answer: parseAnswer,
  update: parseUpdateHeader,
  "calibration-task": parseCalibrationTask,
  calibration: parseCalibrationReport,
  "evaluation-task": parseEvaluationTask,
  evaluation: parseEvaluationReport,
  rollout: parseRollout,
  "rollout-report": parseRolloutReport,
  event: parseDeviceEvent,
};
