import { Command, CommanderError } from "commander";
import config from "../../deno.json" with { type: "json" };
import { EMBEDDED } from "../runtime/embedding.ts";
import type { Parent } from "../runtime/host/parent.ts";
import type { RunOptions } from "../runtime/options.ts";
import type { RecordOptions } from "../runtime/recording/record.ts";
import type { ReplayOptions } from "../runtime/recording/replay.ts";
import type { LiveOptions } from "../runtime/recording/live.ts";
import type { ResumeOptions } from "../runtime/recording/resume.ts";
import type { DiffOptions } from "../runtime/recording/print_diff.ts";
import type { LogOptions } from "../runtime/recording/print_log.ts";
import { checkCommand, type CheckCommandOptions } from "./check.ts";
import { diffCommand } from "./diff.ts";
import { EXIT_CODES } from "./help.ts";
import { logCommand } from "./log.ts";
import { recordCommand } from "./record.ts";
import { replayCommand } from "./replay.ts";
import { describeError, EXIT_CANNOT, writeLast } from "./report.ts";
import { resumeCommand } from "./resume.ts";
import { runCommand } from "./run.ts";
import { usageError } from "./usage.ts";

/** What runs a node; loaded only when a program is to run, so that help is fast. */
export type NodeModule = {
  runNode(options: RunOptions, parent?: Parent): Promise<number>;
};

const EXAMPLES = `
Examples:
  $ replrt run app.wasm
  $ replrt run app.wasm --role primary
  $ replrt run app.wasm --role backup --join 127.0.0.1:7400 --bind 127.0.0.1:7401
`;

/**
 * Does what a command line says.
 *
 * @param argv without the name of replrt.
 * @returns the exit code; errors were printed on stderr.
 */
export async function main(
  argv: string[],
  loadNode: () => Promise<NodeModule> = () => import("../runtime/node.ts"),
): Promise<number> {
  const written: string[] = [];
  let exitCode = 0;
  let json = false;
  let parent: Parent | undefined;
  const fail = async (error: unknown): Promise<number> => {
    const { text, exitCode } = describeError(error, json);
    await writeLast(parent ?? Deno.stderr, text);
    return exitCode;
  };
  exitOnStrayErrors(fail);
  const program = programOf((text) => written.push(text), {
    async run(options) {
      json = options.json;
      const { runNode } = await loadNode();
      exitCode = await runNode(options, parent);
    },
    async record(options) {
      json = options.run.json;
      const { record } = await import("../runtime/recording/record.ts");
      exitCode = await record(options);
    },
    async replay(options) {
      json = options.json;
      const { replay } = await import("../runtime/recording/replay.ts");
      exitCode = await replay(options);
    },
    async replayLive(options) {
      json = options.json;
      const { replayLive } = await import("../runtime/recording/live.ts");
      exitCode = await replayLive(options);
    },
    async resume(options) {
      json = options.json;
      const { resume } = await import("../runtime/recording/resume.ts");
      exitCode = await resume(options);
    },
    async log(options) {
      const { printLog } = await import("../runtime/recording/print_log.ts");
      exitCode = await printLog(options);
    },
    async diff(options) {
      const { printDiff } = await import("../runtime/recording/print_diff.ts");
      exitCode = await printDiff(options);
    },
    async check(options) {
      json = options.json;
      const { runCheck } = await import("./check_run.ts");
      exitCode = await runCheck(options, (name) => Deno.env.get(name));
    },
  });
  try {
    parent = await findParent();
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) return await fail(error);
    exitCode = error.exitCode === 0 ? 0 : EXIT_CANNOT;
  }
  await writeLast(exitCode === 0 ? Deno.stdout : Deno.stderr, written.join(""));
  return exitCode;
}

/** What each command does with its options. */
interface Starts {
  run(options: RunOptions): Promise<void>;
  record(options: RecordOptions): Promise<void>;
  replay(options: ReplayOptions): Promise<void>;
  replayLive(options: LiveOptions): Promise<void>;
  resume(options: ResumeOptions): Promise<void>;
  log(options: LogOptions): Promise<void>;
  diff(options: DiffOptions): Promise<void>;
  check(options: CheckCommandOptions): Promise<void>;
}

function programOf(
  write: (text: string) => void,
  start: Starts,
): Command {
  const program = new Command("replrt")
    .description(
      "Keeps a WebAssembly program alive: backups follow it and take over when it dies.",
    )
    .usage("COMMAND [OPTIONS]")
    .version(`replrt ${config.version}`, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this text")
    .helpCommand("help [COMMAND]", "print the help of a command")
    .configureOutput({
      writeOut: write,
      writeErr: write,
      outputError: () => {},
    })
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .enablePositionalOptions()
    .addHelpText("after", `\n${EXIT_CODES}${EXAMPLES}`);
  program.exitOverride((complaint) => {
    const word = /^error: unknown command '(.*\.wasm)'/.exec(complaint.message)
      ?.[1];
    throw usageError(
      complaint,
      "replrt",
      word && `to run it: replrt run ${word}`,
    );
  });
  const lookUp = (name: string) => Deno.env.get(name);
  const commands = [
    runCommand(lookUp, start.run),
    recordCommand(lookUp, start.record),
    replayCommand(start.replay, start.replayLive),
    resumeCommand(start.resume),
    logCommand(start.log),
    diffCommand(start.diff),
    checkCommand(lookUp, start.check),
  ];
  for (const command of commands) {
    program.addCommand(command.configureOutput(program.configureOutput()));
  }
  return program;
}

/** The program that this process is a node of, if it is; what this process starts is none. */
async function findParent(): Promise<Parent | undefined> {
  const note = Deno.env.get(EMBEDDED);
  if (note === undefined) return undefined;
  Deno.env.delete(EMBEDDED);
  const { Parent } = await import("../runtime/host/parent.ts");
  return Parent.adopt(note);
}

/** An error that no caller waits for ends the process too: never with a code a guest could have. */
function exitOnStrayErrors(fail: (error: unknown) => Promise<number>): void {
  const end = (event: Event, error: unknown): void => {
    event.preventDefault();
    void fail(error).then((exitCode) => Deno.exit(exitCode));
  };
  globalThis.addEventListener("error", (event) => end(event, event.error));
  globalThis.addEventListener(
    "unhandledrejection",
    (event) => end(event, event.reason),
  );
}

if (import.meta.main) Deno.exit(await main(Deno.args));
