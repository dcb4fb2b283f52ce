/** How fast modules are rewritten, and what their cache spares. @module */
import { join } from "node:path/posix";
import { tempDir } from "../../tests/kit/place.ts";
import { median, type Table } from "../area.ts";
import { sqliteModule } from "../sqlite.ts";
import { KERNELS, over } from "./peers.ts";
import type { Prepared } from "./prepare.ts";

const FULL = 9, QUICK = 1;
const PREPARE = join(import.meta.dirname as string, "prepare.ts");

/** Programs in Rust, for wasm32-wasip1-threads. */
const PACKAGES = [
  {
    ...{ name: "oxc's parser", file: "parser.wasm32-wasi.wasm" },
    from: "@oxc-parser/binding-wasm32-wasi",
  },
  {
    ...{ name: "rolldown", file: "rolldown-binding.wasm32-wasi.wasm" },
    from: "@rolldown/binding-wasm32-wasi",
  },
];

/** What a process of its own makes of a module; `cache` is where it keeps it. */
async function prepare(
  how: "rewrite" | "load",
  module: string,
  cache: string,
): Promise<Prepared> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", PREPARE, how, module],
    env: { XDG_CACHE_HOME: cache },
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`cannot rewrite ${module}`);
  return JSON.parse(new TextDecoder().decode(stdout)) as Prepared;
}

async function modules(
  quick: boolean,
): Promise<[name: string, path: string][]> {
  const [parser, bundler] = PACKAGES.map(
    ({ name, from, file }): [string, string] => [
      name,
      new URL(file, import.meta.resolve(from)).pathname,
    ],
  );
  const kernels: [string, string] = ["`kernels`", KERNELS];
  return quick
    ? [kernels, parser!]
    : [kernels, parser!, ["SQLite", await sqliteModule(true)], bundler!];
}

/** A module and what processes made of it: rewritten, loaded for the first time, and once more. */
interface Sample {
  readonly name: string;
  readonly path: string;
  readonly rewritten: Prepared[];
  readonly first: Prepared[];
  readonly again: Prepared[];
}

function row({ name, rewritten, first, again }: Sample): string[] {
  const middle = (all: readonly Prepared[], what: keyof Prepared) =>
    median(all.map((one) => one[what]));
  const [mb, ms] = [middle(first, "bytes") / 1e6, middle(rewritten, "ms")];
  return [
    ...[name, mb.toFixed(2)],
    over(middle(first, "rewrittenBytes") / 1e6, mb, 2),
    ...[ms.toFixed(1), (1_000 * mb / ms).toFixed(0)],
    ...[middle(first, "ms").toFixed(1), middle(again, "ms").toFixed(1)],
    middle(again, "engineMs").toFixed(1),
  ];
}

/** ms to rewrite modules, and to find them rewritten. */
export async function rewriting(quick: boolean): Promise<Table> {
  const rounds = quick ? QUICK : FULL;
  const samples = (await modules(quick)).map(([name, path]): Sample => ({
    ...{ name, path, rewritten: [], first: [], again: [] },
  }));
  for (let round = 0; round < rounds; round++) {
    for (const { path, rewritten, first, again } of samples) {
      const cache = tempDir();
      rewritten.push(await prepare("rewrite", path, cache));
      first.push(await prepare("load", path, cache));
      again.push(await prepare("load", path, cache));
    }
  }
  return {
    about:
      "A module that is rewritten, loaded for the first time, and once more, each by a new process, whose code is cold: " +
      `medians of ${rounds} rounds. The first load rewrites too, and keeps what it made; then V8 checks and compiles.`,
    head: [
      ...["module", "MB", "MB rewritten", "ms to rewrite", "MB a second"],
      ...["ms of the first load", "ms from the cache", "ms of V8"],
    ],
    rows: samples.map(row),
  };
}
