import type { ChannelInfo } from "@edgeloop/core/data";
import { EdgeloopError } from "@edgeloop/core/platform";

/**
 * Reads channels as they are typed: `name=unit`, with commas between.
 *
 * @throws `USAGE`
 * @example
 * parseChannels("x=m/s2,y=m/s2"); // => [{ name: "x", unit: "m/s2" }, { name: "y", unit: "m/s2" }]
 */
export function parseChannels(text: string): readonly ChannelInfo[] {
  const channels = text.split(",").map((part) => {
    const equals = part.indexOf("=");
    const channel = { name: part.slice(0, equals).trim(), unit: part.slice(equals + 1).trim() };
    if (equals > 0 && channel.name !== "" && channel.unit !== "") return channel;
    throw new EdgeloopError("USAGE", `--channels takes name=unit,name=unit, not "${part}"`);
  });
  const names = channels.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return channels;
  throw new EdgeloopError("USAGE", `--channels names ${twice} twice`);
}
