import { resolve } from "node:path/posix";
import { ReplrtError } from "../errors.ts";
import { doing, systemCode } from "./failure.ts";

/** How every recording begins. */
const MAGIC = "RPLL";

/**
 * Makes way for a recording at `path`: an older one there, or an empty file, is removed.
 *
 * @param next what the operator may do where something else is there.
 * @throws {ReplrtError} for a file that is none.
 */
export function clearPlace(
  path: string,
  next = "give another file with -o",
): void {
  doing(`write ${path}`, () => {
    try {
      const { isFile, size } = Deno.statSync(path);
      if (!isFile || size > 0 && headOf(path) !== MAGIC) {
        throw new ReplrtError(
          `cannot record to ${path}: something else is there`,
          next,
        );
      }
    } catch (error) {
      if (systemCode(error) === "ENOENT") return;
      throw error;
    }
    Deno.removeSync(path);
  });
}

/** Copies a recording to `path`, readable by its owner alone as it is; an older one there is replaced. @throws {ReplrtError} as {@linkcode clearPlace}. */
export function keepRecording(from: string, path: string): void {
  clearPlace(path, "move that away, or check from another directory");
  doing(`write ${path}`, () => Deno.copyFileSync(from, path));
}

function headOf(path: string): string {
  using file = Deno.openSync(path);
  const head = new Uint8Array(MAGIC.length);
  file.readSync(head);
  return new TextDecoder().decode(head);
}

/** Where `path` is, whatever the working directory will be. */
export function absolute(path: string): string {
  return resolve(Deno.cwd(), path);
}
