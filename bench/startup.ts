/** How long a program takes that does next to nothing. @module */
import { join } from "node:path/posix";
import { guest } from "../tests/kit/node.ts";
import { type Area, median } from "./area.ts";
import {
  type Command,
  spawn,
  underDeno,
  underNode,
  versionOf,
} from "./stage.ts";

const FULL = 21, QUICK = 1;
const HELLO = guest("hello");
/** What hello does, without WebAssembly. */
const BARE = "console.log('hello, world')";
const LAUNCHER = join(import.meta.dirname as string, "../replrt");

/** Who can run it here. */
function runners(): [string, Command][] {
  const node = underNode(HELLO, "");
  const wasmtime = versionOf("wasmtime");
  return [
    ["replrt run", [LAUNCHER, "run", HELLO]],
    ["bare Deno", [Deno.execPath(), "eval", "--no-config", BARE]],
    ["node:wasi in Deno", underDeno(HELLO, "")],
    ...(node === undefined ? [] : [["node:wasi in Node", node]] as const),
    ...(wasmtime === undefined
      ? []
      : [[`wasmtime ${wasmtime}`, ["wasmtime", HELLO]]] as const),
  ] as [string, Command][];
}

/** From the start of the process to its end, in ms. */
async function run(name: string, command: Command): Promise<number> {
  const start = performance.now();
  const child = spawn(command);
  await child.stdin.close();
  const { stdout } = await child.output();
  const ms = performance.now() - start;
  if (new TextDecoder().decode(stdout) === "hello, world\n") return ms;
  throw new Error(`cannot run hello by ${name}`);
}

/** `hello`, from start to end. */
export const startup: Area = {
  name: "startup",
  title: "Start-up",
  async measure(quick) {
    const samples = runners().map(([name, command]) => ({
      ...{ name, command, ms: [] as number[] },
    }));
    Deno.env.set("REPLRT_DENO", Deno.execPath());
    const rounds = quick ? QUICK : FULL;
    for (let round = -1; round < rounds; round++) {
      for (const { name, command, ms } of samples) {
        const time = await run(name, command);
        if (round >= 0) ms.push(time);
      }
    }
    const none = versionOf("wasmtime") === undefined
      ? " wasmtime is not installed here."
      : "";
    return {
      about:
        `\`hello\` from the start of the process to its end, in ms: medians of ${rounds} runs. \`replrt\` is given ` +
        `its Deno by \`REPLRT_DENO\`, else it has to look for one. Bare Deno prints the same by JavaScript.${none}`,
      tables: [{
        head: ["program", ...samples.map(({ name }) => name)],
        rows: [["hello", ...samples.map(({ ms }) => median(ms).toFixed(0))]],
      }],
      aims: [],
    };
  },
};
