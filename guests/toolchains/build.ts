/**
 * Builds the tours in C and C++ with the compiler that is a pinned package; the
 * README says how the others are built.
 *
 * `deno run -A guests/toolchains/build.ts` writes the modules. The compiler is
 * WebAssembly itself, so the same sources give the same bytes on every machine.
 *
 * @module
 */
import { commands, Exit, type Tree } from "@yowasp/clang";
import { join } from "node:path/posix";

const FOLDER = import.meta.dirname as string;
const FLAGS = ["--target=wasm32-wasip1", "-Oz", "-Wall", "-Wextra", "-Werror"];
const LINK = ["-Wl,--strip-all"];

/** What is built: the module's name, its source, the compiler and what it is told beside `FLAGS`. */
const TOURS = [
  ["tour-c.wasm", "tour.c17", "clang", ["-std=gnu17", "-x", "c"]],
  ["tour-cpp.wasm", "tour.cpp", "clang++", ["-std=c++23", "-fno-exceptions"]],
] as const;

/** Compiles and links a tour; throws what the compiler says if it can't. */
async function build(
  [output, source, compiler, flags]: (typeof TOURS)[number],
): Promise<Uint8Array> {
  const tree: Tree = {
    [source]: Deno.readTextFileSync(join(FOLDER, source)),
  };
  const said: string[] = [];
  const text = new TextDecoder();
  const hear = (bytes: Uint8Array | null) =>
    void (bytes && said.push(text.decode(bytes, { stream: true })));
  try {
    const built = await commands[compiler]!(
      [...FLAGS, ...flags, source, ...LINK, "-o", output],
      tree,
      { stdout: hear, stderr: hear },
    );
    return built?.[output] as Uint8Array;
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    throw new Error(`cannot build ${output}: ${said.join("").trim()}`);
  }
}

await commands["clang"]!(undefined, {}, { fetchProgress: () => {} });
for (const tour of TOURS) {
  Deno.writeFileSync(join(FOLDER, tour[0]), await build(tour));
}
