import { codeOf, EdgeloopError, messageOf } from "@edgeloop/core/platform";
import { Command as Commander, CommanderError } from "commander";
import type { Command, Context } from "./command.ts";
import { commands } from "./commands.ts";
import { terminal } from "./terminal.ts";
import { treeJson } from "./tree.ts";

/** Exit codes of the contract. */
const exit = { ok: 0, problem: 1, usage: 2 } as const;

/** What becomes of a run of a command that throws nothing. */
type Outcome = { code: number };

async function execute(
  command: Command,
  argv: readonly unknown[],
  outcome: Outcome,
): Promise<void> {
  const stop = stopOnSignals();
  const args = argv.slice(0, command.args.length).filter((arg) => typeof arg === "string");
  const options = Object(argv[command.args.length]);
  const json = options.json === true;
  const fail = (): void => {
    outcome.code = exit.problem;
  };
  const context: Context = terminal({ json, signal: stop.signal, fail });
  const { run } = await command.load();
  const result = await run(context, args, options);
  if (json) process.stdout.write(`${JSON.stringify(result ?? {})}\n`);
}

/** A terminal's Ctrl-C comes twice: from the terminal, and passed on by the launcher. */
const echoMs = 1000;

/** The first signal asks the command to end; one that comes later, from an impatient person, ends the process. */
function stopOnSignals(): AbortController {
  const stop = new AbortController();
  let firstMs: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      firstMs ??= performance.now();
      if (performance.now() - firstMs > echoMs) process.exit(exit.problem);
      stop.abort(new EdgeloopError("INTERRUPTED", `got ${signal}`));
    });
  }
  return stop;
}

/** Builds the commander tree from the table; a noun without a verb of its own prints its help. */
function program(outcome: Outcome): Commander {
  const root = new Commander("edgeloop")
    .description("Closes the machine-learning loop on gateways.")
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ writeErr: (text) => process.stderr.write(text) });
  const nodes = new Map<string, Commander>([["", root]]);
  for (const command of commands) {
    let parent = root;
    command.words.forEach((word, depth) => {
      const key = command.words.slice(0, depth + 1).join(" ");
      const node = nodes.get(key) ?? parent.command(word).exitOverride();
      nodes.set(key, node);
      parent = node;
    });
    parent.description(command.summary);
    for (const arg of command.args) {
      parent.argument(arg.optional ? `[${arg.name}]` : `<${arg.name}>`, arg.summary);
    }
    for (const option of command.options) addOption(parent, option);
    parent.option("--json", "print one JSON object on standard output, progress on standard error");
    parent.action((...argv: unknown[]) => execute(command, argv, outcome));
  }
  return root;
}

function addOption(node: Commander, option: Command["options"][number]): void {
  const repeated = option.flags.includes("...");
  const flags = option.flags.replace("...", "");
  if (repeated) {
    const collect = (value: string, all: readonly string[]): readonly string[] => [...all, value];
    node.option<readonly string[]>(flags, option.summary, collect, []);
  } else if (option.required) {
    node.requiredOption(flags, option.summary);
  } else {
    node.option(flags, option.summary, option.fallback);
  }
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes("--help") && argv.includes("--json")) {
    process.stdout.write(`${JSON.stringify(treeJson(commands), null, 2)}\n`);
    return exit.ok;
  }
  const outcome: Outcome = { code: exit.ok };
  try {
    await program(outcome).parseAsync([...argv], { from: "user" });
    return outcome.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.ok : exit.usage;
    process.stderr.write(`edgeloop: ${codeOf(error)}: ${messageOf(error)}\n`);
    if (process.env["EDGELOOP_DEBUG"] && error instanceof Error) console.error(error);
    return codeOf(error) === "USAGE" ? exit.usage : exit.problem;
  }
}

const code = await main(process.argv.slice(2));
process.exitCode = code;
// A command that is over may have left a handle that would keep the process (a serial line whose other end is gone): end
// once all is said.
process.stdout.write("", () => process.stderr.write("", () => process.exit()));
