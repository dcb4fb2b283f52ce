/**
 * What the operator has to know and can mend: a bad option, a taken port, a full disk.
 *
 * Never for the guest (it gets an errno) and never for our own bugs (those are assertions).
 *
 * @example
 * ```ts
 * import { ReplrtError, startNode } from "replrt";
 *
 * try {
 *   startNode({ module: "guests/dist/hello.wasm", role: "backup" });
 *   throw new Error("a backup without its primary was started");
 * } catch (error) {
 *   if (!(error instanceof ReplrtError)) throw error;
 *   console.log(error.message, error.next, error.exitCode);
 * }
 * ```
 */
export class ReplrtError extends Error {
  override readonly name = "ReplrtError";
  /** What to do next, a command where there is one. */
  readonly next: string | undefined;
  /** Exit code of the process: 125 unless the error says otherwise. */
  readonly exitCode: number;

  /** @param message "cannot …: reason", one line, no full stop. */
  constructor(message: string, next?: string, exitCode = 125) {
    super(message);
    this.next = next;
    this.exitCode = exitCode;
  }
}
