import { parseCoordinatorConfig } from "@edgeloop/cloud-sync";
import { expect, test } from "vitest";
import { otherDeviceRounds, sameDeviceRounds } from "./settings.ts";

test.for([sameDeviceRounds, otherDeviceRounds])(
  "a coordinator takes %o",
  ({ rounds, ...training }) => {
    const listen = { port: 0 };
    const yaml = JSON.stringify({
      ...{ format: 1, fleet: "f", line: "l", data: "d", registry: "r", key: "k" },
      ...{ http: listen, mqtt: listen, admin: { ...listen, tokenFile: "t" } },
      loop: { rounds },
      training,
    });
    expect(parseCoordinatorConfig(yaml, "coordinator.yaml").training).toMatchObject(training);
  },
);
