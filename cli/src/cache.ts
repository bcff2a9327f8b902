import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The folder for what can be made again, such as measurements of this machine.
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest (XDG_CACHE_HOME)
 */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CACHE_HOME: base } = environment;
  // The specification tells to ignore a relative path.
  return join(base?.startsWith("/") ? base : join(homedir(), ".cache"), "edgeloop");
}
