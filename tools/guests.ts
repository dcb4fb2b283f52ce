/**
 * Builds the guests: `guests/NAME.c` and `guests/NAME/*.c` to
 * `guests/dist/NAME.wasm`.
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

/** A program to build. */
interface Guest {
  readonly name: string;
  /** Its C files and headers, relative to the root. */
  readonly files: readonly string[];
}

/** The guests that have sources, by name. */
function guests(): Guest[] {
  const files = new Map<string, string[]>();
  for (const file of walk(".", SOURCES, [".c", ".h"])) {
    const folder = dirname(file);
    const name = basename(folder === SOURCES ? file : folder, ".c");
    files.set(name, [...files.get(name) ?? [], file]);
  }
  return [...files].map(([name, files]) => ({ name, files }))
    .sort((a, b) => a.name < b.name ? -1 : 1);
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
      [...FLAGS, ...sources, "-o", output],
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
  return `${name.padEnd(8)} ${`${bytes}`.padStart(7)}  ${
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
