import type { Log } from "@edgeloop/core/platform";

/** A positional argument. */
export type Argument = {
  readonly name: string;
  readonly summary: string;
  readonly optional?: boolean;
};

/** An option; `flags` as commander reads them, for example `--seed <n>`. */
export type Option = {
  readonly flags: string;
  readonly summary: string;
  readonly fallback?: string | boolean;
  readonly required?: boolean;
};

/** What a command is given beside its input. */
export type Context = {
  /** `--json`: standard output holds one object and nothing else. */
  readonly json: boolean;
  /** Aborts at SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** For people: standard output, or standard error with `--json`. */
  readonly say: (line: string) => void;
  /** Progress of long work: one line that replaces itself on a terminal, plain lines elsewhere; standard error. */
  readonly progress: (line: string) => void;
  readonly log: Log;
  /** Says what is wrong and makes the exit code 1, for a command that has a result all the same. */
  readonly fail: (code: string, message: string) => void;
};

/** Text options by name in camel case. */
export type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** Runs a command; what it returns is printed with `--json`. */
export type Run = (
  context: Context,
  args: readonly string[],
  options: Options,
) => Promise<Readonly<Record<string, unknown>> | undefined>;

/** One command of the tree. */
export type Command = {
  /** Words that people type, for example `["data", "import"]`. */
  readonly words: readonly string[];
  readonly summary: string;
  readonly args: readonly Argument[];
  readonly options: readonly Option[];
  /** Loads the implementation when it is used: help must not wait for onnxruntime. */
  readonly load: () => Promise<{ readonly run: Run }>;
};
