/** The programs of guests/toolchains, ready to run. @module */
import { join } from "node:path/posix";
import { gunzipSync } from "node:zlib";
import { tempDir } from "../../kit/place.ts";
import { gofmtCommand } from "./gofmt.ts";
import { rubyCommand } from "./ruby.ts";

const FOLDER = join(
  import.meta.dirname as string,
  "../../../guests/toolchains",
);
const SCRIPT = "tour.rb";

/** A program as a command line has it. */
export interface Program {
  /** The path of its module. */
  readonly module: string;
  /** What stands before its arguments. */
  readonly args: readonly string[];
  /** Options for one more node, with directories of that node's own. */
  options(): string[];
}

function program(module: string): Program {
  return { module, args: [], options: () => [] };
}

function stored(name: string, bytes: Uint8Array): string {
  const path = join(tempDir(), name);
  Deno.writeFileSync(path, bytes);
  return path;
}

/** The tour, built from this language. */
export function builtTour(language: string): Program {
  return program(join(FOLDER, `tour-${language}.wasm`));
}

/** The crew of threads, built by Zig. */
export function builtCrew(): Program {
  return program(join(FOLDER, "crew-zig.wasm"));
}

/** The tour, built by Go; it is kept compressed. */
export function goTour(): Program {
  const packed = Deno.readFileSync(join(FOLDER, "tour-go.wasm.gz"));
  return program(stored("tour-go.wasm", gunzipSync(packed)));
}

/** The tour as a script for the Ruby interpreter. */
export function rubyTour(): Program {
  return {
    module: stored("ruby.wasm", rubyCommand()),
    args: [`/app/${SCRIPT}`],
    options: () => {
      const dir = tempDir();
      Deno.copyFileSync(join(FOLDER, SCRIPT), join(dir, SCRIPT));
      return ["--dir", `${dir}::/app`];
    },
  };
}

/** gofmt, built by TinyGo. */
export function gofmt(): Program {
  return program(stored("gofmt.wasm", gofmtCommand()));
}
