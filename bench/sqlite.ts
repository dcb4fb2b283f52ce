/** SQLite as a guest: its published sources, compiled once into a cache. @module */
import { commands, Exit, type Tree } from "@yowasp/clang";
import { createHash } from "node:crypto";
import { join } from "node:path/posix";

/** An npm package that has SQLite's amalgamation; of it only the sources are taken. */
const PACKAGE = "better-sqlite3@12.4.1";
const SOURCES = "package/deps/sqlite3";
const DRIVER = join(import.meta.dirname as string, "sqlite.c");
const FLAGS = [
  ...["--target=wasm32-wasip1", "-std=gnu17", "-O2", "-w"],
  ...["-DSQLITE_THREADSAFE=0", "-DSQLITE_OMIT_LOAD_EXTENSION"],
  ...["-Wl,--strip-debug", "-Wl,-z,stack-size=1048576"],
];
/** For a memory that is shared, though there is one thread. */
const SHARED = [
  ...["-matomics", "-mbulk-memory", "-D_Thread_local="],
  "-Wl,--import-memory,--export-memory,--shared-memory,--max-memory=1073741824",
  "-Wl,--no-check-features",
];

/**
 * The path of the module; its first build takes some minutes.
 *
 * @param shared whether it is one with threads, by its memory.
 * @throws {Error} where the sources can't be fetched, which takes npm, or not be built.
 */
export async function sqliteModule(shared = false): Promise<string> {
  const driver = Deno.readTextFileSync(DRIVER);
  const flags = [...FLAGS, ...shared ? SHARED : []];
  const key = createHash("sha256").update([PACKAGE, driver, ...flags].join());
  const path = join(cache(), `sqlite-${key.digest("hex").slice(0, 16)}.wasm`);
  try {
    Deno.statSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const module = await build(driver, flags);
    Deno.mkdirSync(cache(), { recursive: true });
    Deno.writeFileSync(`${path}.${Deno.pid}`, module);
    Deno.renameSync(`${path}.${Deno.pid}`, path);
  }
  return path;
}

/** Where users keep what can be made again. */
function cache(): string {
  const home = Deno.env.get("XDG_CACHE_HOME") ??
    join(Deno.env.get("HOME") ?? "/tmp", ".cache");
  return join(home, "replrt-bench");
}

async function build(
  driver: string,
  flags: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  console.error("building SQLite, once");
  const tree: Tree = { "driver.c": driver, ...sources() };
  const said: string[] = [];
  const hear = (bytes: Uint8Array | null) =>
    void (bytes && said.push(new TextDecoder().decode(bytes)));
  try {
    const built = await commands["clang"](
      [...flags, "driver.c", "sqlite3.c", "-o", "sqlite.wasm"],
      tree,
      { stdout: hear, stderr: hear, fetchProgress: () => {} },
    );
    return new Uint8Array(built?.["sqlite.wasm"] as Uint8Array);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    throw new Error(`cannot build SQLite: ${said.join("").trim()}`);
  }
}

/** SQLite's sources, by the npm client. */
function sources(): Tree {
  const dir = Deno.makeTempDirSync();
  try {
    run(dir, "npm", "pack", "--silent", PACKAGE);
    const [{ name }] = [...Deno.readDirSync(dir)] as [Deno.DirEntry];
    run(dir, "tar", "xzf", name, SOURCES);
    return Object.fromEntries(
      ["sqlite3.c", "sqlite3.h"].map((file) => [
        file,
        Deno.readTextFileSync(join(dir, SOURCES, file)),
      ]),
    );
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

function run(cwd: string, command: string, ...args: string[]): void {
  const { success, stderr } = new Deno.Command(command, { args, cwd })
    .outputSync();
  if (success) return;
  const why = new TextDecoder().decode(stderr).trim();
  throw new Error(`cannot fetch SQLite: ${command} ${args[0]}: ${why}`);
}
