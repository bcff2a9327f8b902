import { fromUtf8 } from "@edgeloop/core/platform";
import { driftDetector } from "@edgeloop/core/statistics";
import { expect, test } from "vitest";
import { toneExamples, tonesProblem } from "../testing/tones.ts";
import { driftProfile } from "./drift-profile.ts";

test("a detector goes on from the profile", () => {
  const state = JSON.parse(fromUtf8(driftProfile(tonesProblem, toneExamples(200, 1, 1))));
  const detector = driftDetector({ features: state.features }, state);
  expect(detector.state.reference.length).toBe(64 * state.features.length);
});
