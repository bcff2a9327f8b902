import type { Clock } from "@edgeloop/core/platform";
import { codeOf, EdgeloopError, hasCode, messageOf } from "@edgeloop/core/platform";
import type { DiskGuard } from "./disk-guard.ts";
import type { LabelMessage } from "./label-message.ts";
import { parseLabelMessage } from "./label-message.ts";
import type { LearningStore } from "./learning-store.ts";
import { labelsWaitingMax } from "./limits.ts";
import type { Meter } from "./meter.ts";
import type { Quarantine } from "./quarantine.ts";

/** What the intake of labels needs. */
export type LabelIntakeOptions = {
  readonly sensors: ReadonlySet<string>;
  readonly learning: Pick<LearningStore, "label">;
  readonly disk: Pick<DiskGuard, "noticeFull">;
  readonly quarantine: Pick<Quarantine, "add">;
  readonly meter: Meter;
  readonly clock: Clock;
  /** Called after a message is on disk. */
  readonly onStored: (message: LabelMessage) => void;
};

/**
 * Takes messages of the labels topic: resolves once the message is on disk, or is refused for good.
 *
 * What can never be stored is quarantined and acknowledged, else its sender would send it for ever.
 *
 * @throws `STORE_FULL` and other failures of the store: not acknowledged. `LABELS_FULL`, which is counted, when there is no
 * room among labels that wait for their windows. `LABELS_TOO_MANY` when too many wait for the disk.
 */
export function labelIntake(options: LabelIntakeOptions): (payload: Uint8Array) => Promise<void> {
  const { sensors, learning, disk, quarantine, meter, clock, onStored } = options;
  let waiting = 0;
  const parse = (payload: Uint8Array): LabelMessage | undefined => {
    try {
      const message = parseLabelMessage(payload);
      if (sensors.has(message.sensor)) return message;
      throw new EdgeloopError("LABEL_SENSOR_UNKNOWN", "expected a sensor of this gateway");
    } catch (error) {
      const refusal = { code: codeOf(error), message: messageOf(error), atUs: clock.nowUs() };
      quarantine.add("labels", { ...refusal, payload });
      return undefined;
    }
  };
  return async (payload) => {
    const message = parse(payload);
    if (message === undefined) return;
    if (waiting >= labelsWaitingMax) {
      throw new EdgeloopError("LABELS_TOO_MANY", "labels arrive faster than the disk takes them");
    }
    waiting += 1;
    try {
      await learning.label(message);
    } catch (error) {
      if (hasCode(error, "STORE_FULL")) disk.noticeFull();
      if (hasCode(error, "LABELS_FULL")) meter.add("refused", ["labels", "LABELS_FULL"]);
      throw error;
    } finally {
      waiting -= 1;
    }
    meter.add("labels");
    onStored(message);
  };
}
