import { codeOf } from "@edgeloop/core/platform";

const statuses: readonly (readonly [pattern: RegExp, status: number])[] = [
  [/^JWT_/, 401],
  [/^(DEVICE_REVOKED|DEVICE_MISMATCH|FLEET_MISMATCH|OPERATOR_TOKEN_INVALID)$/, 403],
  [/^ENROLMENT_(TOKEN|MAC)_/, 403],
  [/^(ROUND|CAMPAIGN|ROLLOUT|DEVICE|ROUTE)_UNKNOWN$/, 404],
  [/^(BLOB_MISSING|UPDATE_NOT_ANNOUNCED|WORK_NOT_DUE|ROLLOUT_NOT_DUE)$/, 404],
  [
    /^(ROUND_(OVER|CLOSED|PHASE_WRONG)|.*_CONFLICT|CAMPAIGN_(RUNNING|NOT_WAITING|OVER)|DEVICE_(NAME|KEY)_TAKEN)$/,
    409,
  ],
  [/^(PAYLOAD_TOO_LARGE|FST_ERR_CTP_BODY_TOO_LARGE)$/, 413],
  [/^STORE_FULL$|^BLOB_FULL$/, 507],
  [/^(ROUND|ATTEMPT|PLAN|BASE|ROLLOUT|UPDATE|CALIBRATION|EVALUATION|BLOB|EXAMPLES)_[A-Z_]*$/, 422],
  [/^(DEVICE_NOT_|SAFETENSORS_|TENSOR_|SENSOR_TIME_)[A-Z_]*$/, 422],
  [/^(ENVELOPE|MESSAGE|ENROLMENT|BASE64|KEY|NAME|SHA256|FORMAT|CONFIG|FST)_[A-Z_0-9]*$/, 400],
];

/**
 * Gives the HTTP status of an error by its code; 500 for what nobody expected.
 *
 * A client tries again at 5xx and 429, and gives up at any other 4xx.
 *
 * @example
 * httpStatus({ code: "ROUND_CLOSED" }); // => 409
 */
export function httpStatus(error: unknown): number {
  const code = codeOf(error);
  return statuses.find(([pattern]) => pattern.test(code))?.[1] ?? 500;
}

/** Tells whether asking again may help. */
export const isTemporary = (status: number): boolean =>
  status >= 500 || status === 408 || status === 429;
