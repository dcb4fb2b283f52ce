/**
 * What a call costs: `deno task bench [--write]`.
 *
 * Measures replrt alone and with its log against node:wasi, in rounds that take turns, and prints medians;
 * `--write` puts them into bench/RESULTS.md.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path/posix";
import { type Case, CASES, type Setting } from "./cases.ts";

const HERE = import.meta.dirname as string;
const ROUNDS = 61, WARM_UP = 20;

/** One implementation, in a process of its own that stays warm. */
class Variant {
  readonly name: string;
  readonly #samples = new Map<string, number[]>();
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<string>;

  constructor(name: string, command: string, args: readonly string[]) {
    this.name = name;
    this.#child = new Deno.Command(command, {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = lines(this.#child.stdout);
  }

  /** Measures a case once; the sample counts unless it is for warming up. */
  async measure(item: Case, counts: boolean): Promise<void> {
    const order = `${item.export} ${item.file ?? "none"} ${item.calls}\n`;
    await this.#writer.write(new TextEncoder().encode(order));
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`cannot measure ${item.name}: ${this.name} died`);
    const samples = this.#samples.get(item.name) ?? [];
    if (counts) samples.push(Number(value));
    this.#samples.set(item.name, samples);
  }

  /** The median of a case in ns. */
  ns({ name }: Case): number {
    const samples = (this.#samples.get(name) as number[]).toSorted((a, b) =>
      a - b
    );
    return samples[samples.length >> 1] as number;
  }

  async end(): Promise<void> {
    await this.#writer.close();
    await this.#child.status;
  }
}

async function* lines(stream: ReadableStream<Uint8Array>) {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const part of stream) {
    const all = (rest + decoder.decode(part, { stream: true })).split("\n");
    rest = all.pop() as string;
    yield* all;
  }
}

/** A directory for the guest's files, in memory where there is one, so that the disk is not measured. */
function plant(): Setting {
  const [shm] = ["/dev/shm", "/tmp"].filter((dir) => exists(dir));
  const dir = Deno.makeTempDirSync({ dir: shm as string, prefix: "replrt-" });
  Deno.writeFileSync(`${dir}/read`, new Uint8Array(1 << 20));
  return { module: join(HERE, "../guests/dist/calls.wasm"), dir };
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** The version of the Node on the path, if there is one. */
function nodeVersion(): string | undefined {
  try {
    const { stdout } = new Deno.Command("node", { args: ["--version"] })
      .outputSync();
    return new TextDecoder().decode(stdout).trim().slice(1);
  } catch {
    return undefined;
  }
}

function start(setting: Setting): Variant[] {
  const text = JSON.stringify(setting);
  const script = (name: string) => join(HERE, name);
  const deno = (name: string, ...args: string[]) =>
    ["run", "--quiet", "-A", script(name), ...args, text] as const;
  const node = nodeVersion();
  const own = Deno.execPath();
  return [
    ...(node === undefined ? [] : [
      new Variant(`node:wasi, Node ${node}`, "node", [
        "--no-warnings",
        script("node_wasi.mjs"),
        text,
      ]),
    ]),
    new Variant(
      `node:wasi, Deno ${Deno.version.deno}`,
      own,
      deno("node_wasi.mjs"),
    ),
    new Variant("replrt, solo", own, deno("own.ts", "solo")),
    new Variant("replrt, logged", own, deno("own.ts", "logged")),
  ];
}

function cpuModel(): string {
  const info = readFileSync("/proc/cpuinfo", "utf8");
  return /model name\s*: (.*)/.exec(info)?.[1] ?? Deno.build.arch;
}

/** The results as Markdown; ratios are to the first column. */
function report(variants: readonly Variant[], setting: Setting): string {
  const rows = CASES.map((item) => {
    const base = variants[0]!.ns(item);
    const cells = variants.map((variant, i) => {
      const ns = variant.ns(item);
      return i === 0
        ? ns.toFixed(0)
        : `${ns.toFixed(0)} (${(ns / base).toFixed(2)}x)`;
    });
    return `| ${item.call} | ${cells.join(" | ")} |`;
  });
  return [
    "# What a call costs",
    "",
    `ns a call, and the ratio to the first column: medians of ${ROUNDS} rounds that take turns, each in a warm`,
    "process of its own. *solo* is `replrt run`; *logged* makes each outcome a message, which another thread takes",
    "from the outbox, as a primary does. Made by `deno task bench --write`.",
    "",
    `| call | ${variants.map(({ name }) => name).join(" | ")} |`,
    `| --- |${" ---: |".repeat(variants.length)}`,
    ...rows,
    "",
    `${
      new Date().toISOString().slice(0, 10)
    }, ${cpuModel()}, ${navigator.hardwareConcurrency} cores, ` +
    `Linux ${Deno.osRelease()}, V8 ${Deno.version.v8}, files in ${
      setting.dir.split("/").slice(0, -1).join("/")
    }.`,
    "",
  ].join("\n");
}

const setting = plant();
const variants = start(setting);
for (let round = -WARM_UP; round < ROUNDS; round++) {
  for (const item of CASES) {
    for (const variant of variants) await variant.measure(item, round >= 0);
  }
}
for (const variant of variants) await variant.end();
const text = report(variants, setting);
Deno.removeSync(setting.dir, { recursive: true });
if (Deno.args.includes("--write")) {
  const file = join(HERE, "RESULTS.md");
  Deno.writeTextFileSync(file, text);
  new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", file] })
    .outputSync();
} else console.log(text);
