import { spawn } from "node:child_process";
import { EdgeloopError } from "@edgeloop/core/platform";

/** Arguments with which Node starts this command line again, as another process. */
export const commandLine = (words: readonly string[]): readonly string[] => [
  ...process.execArgv,
  process.argv[1] ?? "",
  ...words,
];

/** How a command of the demo is run. */
export type CommandOptions = {
  readonly cwd: string;
  readonly signal: AbortSignal;
  /** Takes what the command says while it works. */
  readonly onLine?: (line: string) => void;
};

/**
 * Runs a command of this command line as a process of its own, with `--json`, and reads what it answers.
 *
 * @throws `COMMAND_FAILED` with the end of what it said.
 */
export function runCommand(
  words: readonly string[],
  { cwd, signal, onLine }: CommandOptions,
): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...commandLine(words), "--json"], {
      cwd,
      signal,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, said] = ["", ""];
    child.stdout.on("data", (chunk) => {
      out += String(chunk);
    });
    child.stderr.on("data", (chunk) => {
      said = (said + String(chunk)).slice(-4000);
      for (const line of String(chunk).split("\n")) if (line.trim() !== "") onLine?.(line.trim());
    });
    child.once("error", reject);
    child.once("close", (code, ended) => {
      if (code === 0) resolve(JSON.parse(out));
      else
        reject(
          failed(words, `${said.trim()}${ended === null ? "" : ` (ended by ${ended})`}`.trim()),
        );
    });
  });
}

const failed = (words: readonly string[], said: string): EdgeloopError =>
  new EdgeloopError("COMMAND_FAILED", `edgeloop ${words.slice(0, 2).join(" ")} failed: ${said}`);
