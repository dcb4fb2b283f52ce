import { ReplrtError } from "../errors.ts";
import { doing, systemCode } from "./failure.ts";

/** How every recording begins. */
const MAGIC = "RPLL";

/** Makes way for a recording at `path`: an older one there, or an empty file, is removed. @throws {ReplrtError} for a file that is none. */
export function clearPlace(path: string): void {
  doing(`write ${path}`, () => {
    try {
      using file = Deno.openSync(path);
      const head = new Uint8Array(MAGIC.length);
      const { isFile, size } = file.statSync();
      if (isFile) file.readSync(head);
      if (!isFile || size > 0 && new TextDecoder().decode(head) !== MAGIC) {
        throw new ReplrtError(
          `cannot record to ${path}: something else is there`,
          "give another file with -o",
        );
      }
    } catch (error) {
      if (systemCode(error) === "ENOENT") return;
      throw error;
    }
    Deno.removeSync(path);
  });
}
