/** The example of an edge node, as two terminals would run it. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { connectKv, dropClients } from "../kit/kv.ts";
import { PATIENCE_MS } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { Waiters } from "../kit/waiters.ts";
import { processesWith, until } from "./kit/processes.ts";

/** A loopback address of this test's own, for the ports of the example are fixed. */
const HOST = `127.${
  [0, 8, 16].map((bits) => (Deno.pid >> bits) % 250 + 1).join(".")
}`;
/** Where the clients of `primary` and of `backup` go. */
const CLIENTS = { primary: `${HOST}:6379`, backup: `${HOST}:6380` } as const;
type Name = keyof typeof CLIENTS;

const running = new Set<Edge>();

test.after(async () => {
  dropClients();
  await Promise.all([...running].map((edge) => edge.end("SIGKILL")));
  removeDirs();
});

/** One run of the example; all of its processes have `mark` in their environment. */
class Edge {
  readonly name: Name;
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #mark: string;
  readonly #child: Deno.ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiters: Waiters;

  constructor(name: Name) {
    const dir = tempDir();
    this.name = name;
    this.#mark = `TMPDIR=${dir}`;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "examples/edge_node.ts", name, HOST],
      env: { TMPDIR: dir, NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
    }).spawn();
    this.#waiters = new Waiters(
      PATIENCE_MS,
      () => [name, ...this.#lines].join("\n  | "),
    );
    running.add(this);
    this.ended = this.#live();
  }

  /** The next line, of those that were not given before, that begins so. */
  says(words: string): Promise<string> {
    return this.#waiters.until(`"${words}"`, () => {
      const at = this.#lines.findIndex((line) => line.startsWith(words));
      return at < 0 ? undefined : this.#lines.splice(0, at + 1).at(-1);
    });
  }

  /** Ends the program; its node goes with it. */
  async end(signal: Deno.Signal): Promise<void> {
    if (running.delete(this)) this.#child.kill(signal);
    await this.ended;
    await until("its end", () => processesWith(this.#mark).length === 0);
  }

  /** Kills the node alone. */
  killNode(): void {
    const [node] = processesWith(this.#mark).filter((pid) =>
      pid !== this.#child.pid
    );
    Deno.kill(node as number, "SIGKILL");
  }

  async #live(): Promise<Deno.CommandStatus> {
    let rest = "";
    const texts = this.#child.stdout.pipeThrough(new TextDecoderStream());
    for await (const text of texts) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() as string;
      this.#lines.push(...lines);
      this.#waiters.look();
    }
    const status = await this.#child.status;
    running.delete(this);
    this.#waiters.end();
    return status;
  }
}

test("an edge node takes over from a killed one, which joins again, and so on", async () => {
  let primary = new Edge("primary");
  await primary.says("serving");
  let backup = new Edge("backup");
  await backup.says("following");
  for (const round of ["0", "1", "2"]) {
    const before = await connectKv(CLIENTS[primary.name]);
    await before.set("round", round);
    const { name } = primary;
    if (round === "1") {
      primary.killNode();
      await primary.says("node ended");
    } else await primary.end("SIGKILL");
    assert.match(await backup.says("took over"), CLIENTS[backup.name]);
    const again = round === "1" ? primary : new Edge(name);
    [primary, backup] = [backup, again];
    const after = await connectKv(CLIENTS[primary.name]);
    assert.is(await after.get("round"), round);
    await backup.says("following");
  }

  const last = await connectKv(CLIENTS[primary.name]);
  await last.sendCommand(["SHUTDOWN"]).catch(() => {});
  for (const { code } of [await primary.ended, await backup.ended]) {
    assert.is(code, 0);
  }
});

test("when both died, the edge node that starts first begins anew, and the other joins", async () => {
  const primary = new Edge("primary");
  await primary.says("serving");
  const backup = new Edge("backup");
  await backup.says("following");
  backup.killNode();
  await primary.end("SIGKILL");
  assert.match(await backup.says("serving"), CLIENTS.backup);
  const again = new Edge("primary");
  await again.says("following");
  await backup.end("SIGKILL");
  await again.says("took over");
});

test.run();
