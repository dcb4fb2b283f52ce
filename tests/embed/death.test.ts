/** The death of a program that embeds nodes. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { removeDirs, tempDir } from "../kit/place.ts";
import {
  embed,
  eventOf,
  PRIMARY,
  REPLICATED,
  stopNodes,
} from "./kit/embedding.ts";
import { processesWith, until } from "./kit/processes.ts";

const SILENT = { stdin: "null", stdout: "null", stderr: "null" } as const;
const SPIN = { module: "guests/dist/spin.wasm", args: ["1000000000"] };
/** A node alone, whose main isolate is busy, and one that replicates. */
const NODES = [
  { ...SPIN, ...SILENT, tcpListen: ["127.0.0.1:0"] },
  { ...SPIN, ...SILENT, ...PRIMARY },
];

const hosts = new Set<Deno.ChildProcess>();

test.after(async () => {
  for (const host of hosts) host.kill("SIGKILL");
  await stopNodes();
  removeDirs();
});

/** A program that embeds {@linkcode NODES}; all that it starts has `TMPDIR` in its environment. */
class Host {
  readonly mark: string;
  readonly dir = tempDir();
  readonly #child: Deno.ChildProcess;
  #said = "";

  constructor() {
    this.mark = `TMPDIR=${this.dir}`;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "tests/embed/kit/host.ts"],
        JSON.stringify(NODES),
      ],
      env: { TMPDIR: this.dir, NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
    }).spawn();
    hosts.add(this.#child);
    void this.#read();
  }

  /** Resolves when it has said that `count` times. */
  says(word: string, count: number): Promise<void> {
    const lines = () =>
      this.#said.split("\n").filter((line) => line.startsWith(word)).length;
    return until(`${word} ${count} times`, () => lines() >= count);
  }

  /** Ends it, and gives how many processes were there before. */
  async end(signal: Deno.Signal): Promise<number> {
    const before = processesWith(this.mark).length;
    this.#child.kill(signal);
    await this.#child.status;
    hosts.delete(this.#child);
    return before;
  }

  async #read(): Promise<void> {
    const texts = this.#child.stdout.pipeThrough(new TextDecoderStream());
    for await (const text of texts) this.#said += text;
  }
}

test("no node outlives its program, busy or not", async () => {
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    const host = new Host();
    await host.says("event serving", NODES.length);
    assert.is(await host.end(signal), 1 + NODES.length);
    await until(
      "the end of every node",
      () => processesWith(host.mark).length === 0,
    );
  }
});

test("no node outlives a program that dies while they start", async () => {
  for (const round of [0, 1, 2]) {
    const host = new Host();
    await host.says("node", NODES.length);
    await new Promise((resolve) => setTimeout(resolve, 40 * round));
    await until(
      "a process of every node",
      () => processesWith(host.mark).length >= 1 + NODES.length,
    );
    await host.end("SIGKILL");
    await until(
      "the end of every node",
      () => processesWith(host.mark).length === 0,
    );
  }
});

test("the state that a killed program's nodes leave goes with a later start", async () => {
  const host = new Host();
  await host.says("event serving", NODES.length);
  await host.end("SIGKILL");
  const left = () =>
    [...Deno.readDirSync(host.dir)].map(({ name }) => `${host.dir}/${name}`);
  await until(
    "the end of every node",
    () => processesWith(host.mark).length === 0,
  );
  assert.is(left().length, 1);
  const old = left()[0] as string;
  Deno.utimeSync(old, 0, 0);
  Deno.env.set("TMPDIR", host.dir);
  const node = embed("tick", PRIMARY);
  Deno.env.delete("TMPDIR");
  await eventOf(node, "serving");
  assert.not(left().includes(old));
  const { signal } = await node.stop();
  // One that a busy machine kept from ending in time is killed, and takes nothing with it.
  if (signal !== "SIGKILL") assert.equal(left(), []);
});

test("a node ends with the Worker that started it", async () => {
  const source = `
    import { startNode } from "${import.meta.resolve("replrt")}";
    const node = startNode(${JSON.stringify(NODES[1])});
    for await (const { event } of node.events) {
      if (event === "serving") self.postMessage(node.pid);
    }`;
  const url = `data:application/typescript,${encodeURIComponent(source)}`;
  const worker = new Worker(url, { type: "module" });
  const pid = await new Promise<number>((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
  });
  worker.terminate();
  const lives = () => {
    try {
      return !/^State:\s+[ZX]/m.test(
        Deno.readTextFileSync(`/proc/${pid}/status`),
      );
    } catch {
      return false;
    }
  };
  await until("the node's end", () => !lives());
});

test("what a node starts has nothing of the bond to its parent", async () => {
  const dir = tempDir();
  const primary = embed("tick", PRIMARY);
  const { bind } = await eventOf(primary, "serving");
  const backup = embed("tick", {
    role: "backup",
    ...REPLICATED,
    join: bind as string,
    onTakeover: `env > ${dir}/env; ls -l /proc/self/fd > ${dir}/fds; ` +
      `mv ${dir}/fds ${dir}/done`,
  });
  await eventOf(backup, "following");
  await primary.stop();
  await until("the hook", () => {
    return [...Deno.readDirSync(dir)].some(({ name }) => name === "done");
  });
  assert.not.match(Deno.readTextFileSync(`${dir}/env`), "REPLRT_EMBEDDED");
  assert.not.match(Deno.readTextFileSync(`${dir}/done`), "socket:");
});

test.run();
