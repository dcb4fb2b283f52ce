import { Socket } from "node:net";
import { Errno } from "../../wasi-intercept/errno.ts";
import { STATUS_QUESTION } from "../embedding.ts";
import { ReplrtError } from "../errors.ts";
import { libc } from "./libc.ts";
import { linux } from "./linux.ts";
import { writeNow } from "./pipe.ts";

const { PR_SET_PDEATHSIG, F_SETFD, FD_CLOEXEC, SIGKILL } = linux;
const RETRY_MS = 20;

/** Lets the kernel kill this process when `parent`, which started it, ends. @throws {ReplrtError} when that has ended already. */
export function dieWith(parent: number): void {
  libc.prctl(PR_SET_PDEATHSIG, BigInt(SIGKILL));
  if (libc.getppid() !== parent) {
    throw new ReplrtError(
      `cannot run as a child of process ${parent}: it has ended`,
    );
  }
}

/** The program that started this node as its child, and this node's end of the socket between them. */
export class Parent {
  /** Takes the node's lines; no other process inherits it. */
  readonly handle: number;

  private constructor(handle: number) {
    this.handle = handle;
  }

  /**
   * Ties this process to its parent: whatever way that ends, the kernel kills this process at once (prctl(2),
   * PR_SET_PDEATHSIG).
   *
   * @param note value of the environment variable `EMBEDDED`.
   * @throws {ReplrtError} when the parent was gone before.
   */
  static adopt(note: string): Parent {
    const [pid, handle] = note.split(":").map(Number);
    dieWith(pid!);
    libc.fcntl(handle!, F_SETFD, FD_CLOEXEC);
    return new Parent(handle!);
  }

  /** Calls `answer` whenever the parent asks for the status from now on; also for what it asked before. */
  onQuestion(answer: () => void): void {
    const socket = new Socket({ fd: this.handle });
    socket.setEncoding("utf8");
    socket.on("error", () => {});
    let rest = "";
    socket.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() as string;
      if (lines.includes(STATUS_QUESTION)) answer();
    });
  }

  /** Writes what the parent takes now; gives the count, 0 when it has to be tried again. @throws {Error} when nobody reads. */
  async write(bytes: Uint8Array): Promise<number> {
    const n = writeNow(this.handle, new Uint8Array(bytes));
    if (n >= 0) return n;
    if (n !== -Errno.again) throw new Error(`errno ${-n}`);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    return 0;
  }
}
