import { ReplrtError } from "../errors.ts";
import { doing } from "./failure.ts";

/**
 * The whole content of a file; a symbolic link is followed.
 *
 * @throws {ReplrtError} "cannot read PATH: reason" for what is missing, not a regular file (which could have no end), or not readable.
 */
export function readFile(path: string): Uint8Array<ArrayBuffer> {
  return doing(`read ${path}`, () => {
    const { isFile, isDirectory } = Deno.statSync(path);
    if (!isFile) {
      const what = isDirectory ? "it is a directory" : "it is not a file";
      throw new ReplrtError(`cannot read ${path}: ${what}`);
    }
    return Deno.readFileSync(path);
  });
}
