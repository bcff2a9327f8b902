import { expect, test } from "vitest";
import { parse } from "yaml";
import { channelLines, quoted, windowOf } from "./project.ts";

test.for([
  // About a second, from 32 to 256 samples; four windows begin within one.
  [0.5, 32, 8],
  [20, 32, 8],
  [50, 50, 13],
  [100, 100, 25],
  [44_100, 256, 64],
])("%d Hz gives windows of %d samples every %d", ([rateHz = 0, lengthSamples, hopSamples]) => {
  expect(windowOf(rateHz)).toEqual({ lengthSamples, hopSamples });
});

test("whatever a name holds, YAML reads it back as that text", () => {
  const names = ["y", "null", "1e3", "a: b # c", '"', "{x}", "\u2028", "ö"];
  const channels = names.map((name) => ({ name, unit: name }));
  expect(parse(channelLines(channels, "  "))).toEqual(channels);
  expect(parse(`[${names.map(quoted).join(", ")}]`)).toEqual(names);
});
