import { expect, test } from "vitest";

import { otaError } from "./ota-error.ts";

test("an error keeps its cause, and has none when there is none", () => {
  const cause = new Error("why");
  expect(otaError("OTA_EXPIRED", "expired", { role: "root" }, cause)).toMatchObject({
    code: "OTA_EXPIRED",
    details: { role: "root" },
    cause,
  });
  expect("cause" in otaError("OTA_EXPIRED", "expired")).toBe(false);
});
