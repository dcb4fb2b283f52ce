/**
 * The bench: `deno task bench [AREA…] [--write] [--quick]`.
 *
 * Measures all areas or those named and prints what came of them; `--write` puts it into bench/RESULTS.md, in the place
 * of what stood there for these areas. `--quick` measures as little as shows that the bench works.
 *
 * @module
 */
import { join } from "node:path/posix";
import type { Area } from "./area.ts";
import { calls } from "./calls.ts";
import { cpu } from "./cpu.ts";
import { kv } from "./kv.ts";
import { record } from "./record.ts";
import { merge, partOf } from "./report.ts";
import { sizes } from "./sizes.ts";
import { clear, versionOf } from "./stage.ts";
import { startup } from "./startup.ts";
import { takeover } from "./takeover.ts";
import { threads } from "./threads.ts";

const AREAS: readonly Area[] = [
  calls,
  cpu,
  kv,
  takeover,
  startup,
  sizes,
  record,
  threads,
];
const FLAGS = ["--write", "--quick"];
const FILE = join(import.meta.dirname as string, "RESULTS.md");
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const SHM = "/dev/shm";

/** The exit code to end with, once what was started has ended. */
let interrupted: number | undefined;

/** Files go into memory where there is a place for that, so that no disk is measured; TMPDIR has the last word. */
function chooseDirectory(): string {
  const asked = Deno.env.get("TMPDIR");
  if (asked !== undefined) return asked;
  try {
    Deno.statSync(SHM);
  } catch {
    return "/tmp";
  }
  Deno.env.set("TMPDIR", SHM);
  return SHM;
}

/** When and where, in a line. */
function conditions(dir: string): string {
  const info = Deno.readTextFileSync("/proc/cpuinfo");
  const cpu = /model name\s*: (.*)/.exec(info)?.[1] ?? Deno.build.arch;
  const node = versionOf("node");
  return [
    new Date().toISOString().slice(0, 10),
    `${cpu}, ${navigator.hardwareConcurrency} cores`,
    `Linux ${Deno.osRelease()}`,
    `Deno ${Deno.version.deno}`,
    `V8 ${Deno.version.v8}`,
    node === undefined ? "no Node" : `Node ${node}`,
    `files in ${dir}`,
  ].join("; ");
}

function chosen(names: readonly string[]): readonly Area[] {
  const known = AREAS.map(({ name }) => name);
  const strange = names.find((name) => !known.includes(name));
  if (strange !== undefined) {
    const next = `areas are ${known.join(", ")}; flags ${FLAGS.join(", ")}`;
    throw new Error(`cannot measure ${strange}: ${next}`);
  }
  return names.length === 0
    ? AREAS
    : AREAS.filter(({ name }) => names.includes(name));
}

async function main(args: readonly string[]): Promise<void> {
  const [write, quick] = FLAGS.map((flag) => args.includes(flag));
  if (write && quick) throw new Error("cannot keep figures of --quick");
  const areas = chosen(args.filter((arg) => !FLAGS.includes(arg)));
  const where = conditions(chooseDirectory());
  const parts: string[] = [];
  for (const area of areas) {
    const part = partOf(area.title, await area.measure(quick === true), where);
    await clear();
    if (interrupted !== undefined) return;
    console.log(`${part}\n`);
    parts.push(part);
  }
  if (!write) return;
  const titles = AREAS.map(({ title }) => title);
  Deno.writeTextFileSync(
    FILE,
    merge(Deno.readTextFileSync(FILE), parts, titles),
  );
  const fmt = ["fmt", "--quiet", FILE];
  await new Deno.Command(Deno.execPath(), { args: fmt }).output();
}

if (import.meta.main) {
  for (const [signal, code] of Object.entries(SIGNALS)) {
    Deno.addSignalListener(signal as Deno.Signal, () => {
      interrupted = code;
      void clear();
    });
  }
  let code = 0;
  try {
    await main(Deno.args);
  } catch (error) {
    code = 1;
    const { message } = error as Error;
    if (interrupted === undefined) console.error(`error: ${message}`);
  }
  await clear();
  Deno.exit(interrupted ?? code);
}
