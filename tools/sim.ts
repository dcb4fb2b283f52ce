/**
 * Replays one seed of the simulator: `deno task sim SEED [--bug NAME] [--trace]`.
 *
 * Prints the scenario and what came of it; with `--trace` (and whenever a rule broke) everything that happened. Exits 1 when a rule broke.
 *
 * @module
 */
import { Command } from "commander";
import { type Bug, BUGS } from "../tests/engine/sim/bugs.ts";
import { simulate } from "../tests/engine/sim/simulate.ts";

const program = new Command("sim")
  .argument("<seed>", "which scenario")
  .option("--bug <name>", `plant a bug: ${Object.keys(BUGS).join(", ")}`)
  .option("--trace", "print everything that happened")
  .action((seed: string, options: { bug?: string; trace?: boolean }) => {
    const { bug } = options;
    if (bug !== undefined && !(bug in BUGS)) {
      program.error(`cannot plant ${bug}: no such bug, see --help`);
    }
    const outcome = simulate(Number(seed), bug as Bug | undefined, true);
    const broke = outcome.breach !== undefined;
    if (options.trace || broke) console.log(outcome.lines.join("\n"));
    console.log(JSON.stringify(outcome.scenario));
    console.log(`${outcome.outputs} outputs, ${outcome.takeovers} takeovers`);
    console.log(broke ? `a rule broke: ${outcome.breach}` : "every rule held");
    if (broke) Deno.exitCode = 1;
  });
program.parse(["deno", "sim", ...Deno.args]);
