import { expect, test } from "vitest";
import { httpStatus, isTemporary } from "./http-status.ts";

test.for([
  ["JWT_EXPIRED", 401],
  ["DEVICE_REVOKED", 403],
  ["ENROLMENT_TOKEN_USED", 403],
  ["ROUND_UNKNOWN", 404],
  ["ROUND_CLOSED", 409],
  ["CAMPAIGN_NOT_WAITING", 409],
  ["CAMPAIGN_OVER", 409],
  ["DEVICE_KEY_TAKEN", 409],
  ["UPDATE_CONFLICT", 409],
  ["PAYLOAD_TOO_LARGE", 413],
  ["UPDATE_NOT_FINITE", 422],
  ["PLAN_MISMATCH", 422],
  ["EXAMPLES_EXCEEDED", 422],
  ["DEVICE_NOT_IN_COHORT", 422],
  ["SENSOR_TIME_AHEAD", 422],
  ["ENVELOPE_SIGNATURE_INVALID", 400],
  ["MESSAGE_INVALID", 400],
  ["STORE_FULL", 507],
  ["SOMETHING_ELSE", 500],
] as const)("%s is answered with %i", ([code, status]) => {
  expect(httpStatus({ code })).toBe(status);
});

test("only what may pass by itself is tried again", () => {
  expect([408, 429, 500, 503, 507].every(isTemporary)).toBe(true);
  expect([400, 401, 403, 404, 409, 413, 422].some(isTemporary)).toBe(false);
});
