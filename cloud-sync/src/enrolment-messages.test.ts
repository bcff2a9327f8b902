import { expect, test } from "vitest";
import { parseEnrolmentAnswer, parseEnrolmentRequest } from "./enrolment-messages.ts";

const request = {
  format: 1,
  tokenId: "0".repeat(32),
  fleet: "plant",
  device: "pump-1",
  publicKey: "1".repeat(64),
  nonce: "2".repeat(32),
  mac: "3".repeat(64),
};
const answer = {
  format: 1,
  device: "pump-1",
  deviceKeyId: "4".repeat(64),
  nonce: "2".repeat(32),
  coordinatorKey: "5".repeat(64),
  root: "e30=",
};

test("what is whole is returned as it came", () => {
  expect(parseEnrolmentRequest(request)).toEqual(request);
  expect(parseEnrolmentAnswer(answer)).toEqual(answer);
});

const wrong = [
  { samples: "AAAAgD8AAABA" },
  { format: 2 },
  { device: "a/b" },
  { nonce: "A".repeat(32) },
] as const;

test.for(wrong)("%o is refused in a request and in an answer", (change) => {
  expect(() => parseEnrolmentRequest({ ...request, ...change })).toThrow(
    expect.objectContaining({ code: "ENROLMENT_REQUEST_INVALID" }),
  );
  expect(() => parseEnrolmentAnswer({ ...answer, ...change })).toThrow(
    expect.objectContaining({ code: "ENROLMENT_ANSWER_INVALID" }),
  );
});

test("the field that is wrong is named", () => {
  expect(() => parseEnrolmentRequest({ ...request, mac: "short" })).toThrow("mac: 32 bytes in hex");
});
