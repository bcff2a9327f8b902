import { labelFor } from "./label.ts";
import { packets } from "./packets.ts";
import type { RecordingContent } from "./recording.ts";
import type { SensorInfo } from "./samples.ts";
import type { Window, WindowSpec } from "./window.ts";
import { createWindower } from "./windower.ts";

/** A window and what was true in it; no label when nothing covers enough of it. */
export type LabelledWindow = { readonly window: Window; readonly label?: string };

/** Long enough to be fast, short enough that memory is bounded by the windows. */
const packetRows = 4096;

/** Cuts a recording into the windows that a gateway would cut from the same stream, with their labels. */
export function labelledWindows(
  info: SensorInfo,
  spec: WindowSpec,
  { timesUs, data, labels }: RecordingContent,
): readonly LabelledWindow[] {
  const windower = createWindower(info, spec);
  const windows = [...packets(info, { timesUs, data }, packetRows)].flatMap(
    (packet) => windower.push(packet).windows,
  );
  return windows.map((window) => {
    const label = labelFor(window, spec, labels);
    return label === undefined ? { window } : { window, label };
  });
}
