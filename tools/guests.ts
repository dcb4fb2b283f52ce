/**
 * Builds the guests: `guests/NAME.c` and `guests/NAME/*.c` to
 * `guests/dist/NAME.wasm`, and each `guests/threads/NAME.c` as a program of many
 * threads, together with `guests/threads/lib/`.
 *
 * `deno run -A tools/guests.ts [NAME…]` builds all guests, or those named, and
 * prints what each imports. With `--check` it writes nothing and exits 1, naming
 * each guest whose bytes differ from the built file. The compiler is itself a
 * WebAssembly module with its own file system, so the same sources give the same
 * bytes on every machine.
 *
 * @module
 */
import { commands, Exit, type Tree } from "@yowasp/clang";
import { basename, dirname, join } from "node:path/posix";
import { walk } from "./walk.ts";

const SOURCES = "guests";
const THREADED = "guests/threads";
const LIBRARY = "guests/threads/lib";
const BUILT = "guests/dist";
const FLAGS = [
  "--target=wasm32-wasip1",
  "-std=gnu17",
  "-O2",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-Wl,--strip-debug",
  "-Wl,-z,stack-size=1048576",
];

/**
 * For threads: atomics, one memory for all instances, and an allocator behind a
 * lock. libc is built for one thread: its `errno` is no thread's own, and the
 * linker must not look whether it has atomics.
 */
const THREAD_FLAGS = [
  "-matomics",
  "-mbulk-memory",
  "-D_Thread_local=",
  "-lc-printscan-no-floating-point",
  "-Wl,--import-memory,--export-memory,--shared-memory,--max-memory=1073741824",
  "-Wl,--no-check-features",
  "-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free",
  "-Wl,-z,stack-size=65536",
];

/** What a guest takes from another's folder: all but the files named. */
const BORROWED = new Map([
  ["pool", { folder: "guests/kv", without: ["main.c", "aof.c"] }],
]);

/** A program to build. */
interface Guest {
  readonly name: string;
  /** Its C files and headers, relative to the root. */
  readonly files: readonly string[];
  /** What the compiler is told beside `FLAGS`. */
  readonly flags: readonly string[];
}

/** The C files and headers in a folder and below. */
function sourcesIn(folder: string): string[] {
  return walk(".", folder, [".c", ".h"]);
}

/** The files of a guest of many threads: its own, the library's and the borrowed ones. */
function threadedFiles(file: string, name: string): string[] {
  const borrowed = BORROWED.get(name);
  const others = borrowed === undefined ? [] : sourcesIn(borrowed.folder)
    .filter((other) => !borrowed.without.includes(basename(other)));
  return [file, ...sourcesIn(LIBRARY), ...others];
}

/** The guests that have sources, by name. */
function guests(): Guest[] {
  const all = new Map<string, Guest>();
  for (const file of sourcesIn(SOURCES)) {
    const folder = dirname(file);
    if (folder === LIBRARY) continue;
    const alone = folder === SOURCES || folder === THREADED;
    const name = basename(alone ? file : folder, ".c");
    const [files, flags] = folder === THREADED
      ? [threadedFiles(file, name), THREAD_FLAGS]
      : [[...all.get(name)?.files ?? [], file], []];
    all.set(name, { name, files, flags });
  }
  return [...all.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Loads the compiler, without its progress lines. */
async function loadCompiler() {
  await commands["clang"](undefined, {}, { fetchProgress: () => {} });
}

/** Compiles and links a guest; throws what the compiler says if it can't. */
async function build(guest: Guest): Promise<Uint8Array<ArrayBuffer>> {
  const output = `${guest.name}.wasm`;
  const tree: Tree = {};
  for (const file of guest.files) {
    tree[basename(file)] = Deno.readTextFileSync(file);
  }
  const sources = Object.keys(tree).filter((file) => file.endsWith(".c"));
  const said: string[] = [];
  const text = new TextDecoder();
  const hear = (bytes: Uint8Array | null) =>
    void (bytes && said.push(text.decode(bytes, { stream: true })));
  try {
    const built = await commands["clang"](
      [...FLAGS, ...guest.flags, ...sources, "-o", output],
      tree,
      { stdout: hear, stderr: hear },
    );
    return new Uint8Array(built?.[output] as Uint8Array);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    throw new Error(`cannot build ${guest.name}: ${said.join("").trim()}`);
  }
}

/** What stands in `guests/dist` under this name, if anything. */
function builtBytes(path: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function equal(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return a.length === b?.length && a.every((byte, i) => byte === b[i]);
}

/** The functions a module imports, without the module's name where it is WASI. */
function imports(wasm: Uint8Array<ArrayBuffer>): string[] {
  return WebAssembly.Module.imports(new WebAssembly.Module(wasm))
    .map(({ module, name }) =>
      module === "wasi_snapshot_preview1" ? name : `${module}.${name}`
    );
}

/** A line of the table: a guest, its size, what it imports. */
function row(name: string, bytes: number | string, names: Iterable<string>) {
  return `${name.padEnd(9)} ${`${bytes}`.padStart(7)}  ${
    [...names].sort().join(" ")
  }`;
}

/** Builds the guest into its file, or compares; false: it differs. */
function settle(path: string, wasm: Uint8Array, check: boolean): boolean {
  if (equal(wasm, builtBytes(path))) return true;
  if (!check) Deno.writeFileSync(path, wasm);
  return !check;
}

/** Builds or checks the guests named, or all; false: one failed or differs. */
async function main(args: readonly string[]): Promise<boolean> {
  const check = args.includes("--check");
  const names = args.filter((arg) => arg !== "--check");
  const all = guests();
  const unknown = names.find((name) =>
    !all.some((guest) => guest.name === name)
  );
  if (unknown !== undefined) {
    throw new Error(`cannot build ${unknown}: there is no guests/${unknown}.c`);
  }
  await loadCompiler();
  if (!check) Deno.mkdirSync(BUILT, { recursive: true });
  const union = new Set<string>();
  const different: string[] = [];
  console.log(row("name", "bytes", ["imports"]));
  for (const guest of all) {
    if (names.length > 0 && !names.includes(guest.name)) continue;
    const path = join(BUILT, `${guest.name}.wasm`);
    const wasm = await build(guest);
    const needs = imports(wasm);
    needs.forEach((name) => union.add(name));
    console.log(row(guest.name, wasm.length, needs));
    if (!settle(path, wasm, check)) different.push(path);
  }
  console.log(row("all", "", union));
  for (const path of different) {
    console.log(
      `${path}: cannot pass: its sources give other bytes, run deno task guests`,
    );
  }
  return different.length === 0;
}

if (import.meta.main) {
  try {
    if (!await main(Deno.args)) Deno.exit(1);
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(1);
  }
}
