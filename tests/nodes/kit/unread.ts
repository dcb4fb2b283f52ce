/** Nodes whose stdout and stderr nobody reads for a while. @module */
import { join } from "node:path/posix";
import { patient } from "../../kit/node.ts";
import { tempDir } from "../../kit/place.ts";

const ROOT = join(import.meta.dirname as string, "../../..");

const running = new Set<UnreadNode>();

/** Starts `replrt run` with `options`; its pipes fill up until {@linkcode UnreadNode.read}. */
export function startUnread(options: readonly string[]): UnreadNode {
  return new UnreadNode(["run", ...patient(options)]);
}

/** Ends all that a test left. */
export async function endUnread(): Promise<void> {
  for (const node of [...running]) {
    node.kill("SIGKILL");
    node.read();
    await node.exit;
  }
}

/** A node with full pipes. */
export class UnreadNode {
  stdout = "";
  stderr = "";
  /** Resolves when the process has ended. */
  readonly ended: Promise<Deno.CommandStatus>;
  /** Resolves when the process has ended and all it printed is here; never before `read`. */
  readonly exit: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  #start: () => void = () => {};

  constructor(args: readonly string[]) {
    this.#child = new Deno.Command(join(ROOT, "replrt"), {
      args: [...args],
      cwd: ROOT,
      env: {
        NO_COLOR: "1",
        REPLRT_DENO: Deno.execPath(),
        TMPDIR: tempDir(),
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    running.add(this);
    this.ended = this.#child.status.finally(() => running.delete(this));
    const started = new Promise<void>((resolve) => this.#start = resolve);
    this.exit = started.then(() => this.#read());
  }

  /** Reads from now on. */
  read(): void {
    this.#start();
  }

  kill(signal: Deno.Signal): void {
    if (running.has(this)) this.#child.kill(signal);
  }

  async #read(): Promise<Deno.CommandStatus> {
    const take = async (
      stream: ReadableStream<Uint8Array<ArrayBuffer>>,
      add: (text: string) => void,
    ) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        add(text);
      }
    };
    const [status] = await Promise.all([
      this.ended,
      take(this.#child.stdout, (text) => this.stdout += text),
      take(this.#child.stderr, (text) => this.stderr += text),
    ]);
    return status;
  }
}
