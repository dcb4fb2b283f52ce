/** A node that is stopped, whatever its guest is doing. @module */
import type { NodeOptions, RunningNode } from "replrt";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { removeDirs, tempDir } from "../kit/place.ts";
import {
  embed,
  embedPair,
  eventOf,
  PRIMARY,
  soon,
  stopNodes,
} from "./kit/embedding.ts";
import { until } from "./kit/processes.ts";

/** What a stop promises. */
const STOP_MS = 100;
/** The best of so many tries counts: the machine may be busy with others. */
const TRIES = 5;

/** A guest that does not end soon, and the state of its thread meanwhile, as in /proc/PID/stat. */
interface Doing {
  readonly what: string;
  readonly name: string;
  readonly options: Partial<NodeOptions>;
  readonly state: "R" | "S";
}

const BUSY: readonly Doing[] = [
  {
    what: "a busy loop",
    name: "spin",
    options: { args: ["1000000000"] },
    state: "R",
  },
  {
    what: "a blocked read",
    name: "cat",
    options: { stdin: "piped" },
    state: "S",
  },
  {
    what: "a long sleep",
    name: "tick",
    options: { args: ["1000000000"] },
    state: "S",
  },
  {
    what: "a write that nobody reads",
    name: "flood",
    options: { args: ["1000000000"], stdout: "piped" },
    state: "S",
  },
];

test.after(async () => {
  await stopNodes();
  removeDirs();
});

/** How long a stop takes, in ms. */
async function timeOf(node: RunningNode): Promise<number> {
  const begun = performance.now();
  const exit = await soon(node.stop());
  const ms = performance.now() - begun;
  assert.match(exit?.signal ?? "none", /^SIG(TERM|KILL)$/);
  return ms;
}

/** The shortest stop of several nodes; as soon as one is short enough, it is. */
async function bestOf(
  start: () => Promise<RunningNode>,
): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < TRIES && best > STOP_MS; i++) {
    best = Math.min(best, await timeOf(await start()));
  }
  return best;
}

/** The state of a process's main thread. */
function stateOf(pid: number): string | undefined {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2)[0];
}

for (const { what, name, options, state } of BUSY) {
  test(`a node alone is gone ${STOP_MS} ms after stop in ${what}`, async () => {
    const best = await bestOf(async () => {
      const listen = { tcpListen: ["127.0.0.1:0"] };
      const node = embed(name, { ...options, ...listen });
      await eventOf(node, "serving");
      await until(`state ${state}`, () => stateOf(node.pid) === state);
      return node;
    });
    assert.ok(best <= STOP_MS, `${best} ms`);
  });

  test(`a primary and its backup are gone ${STOP_MS} ms after stop in ${what}`, async () => {
    let other: RunningNode | undefined;
    const backup = await bestOf(async () => {
      await other?.stop();
      const pair = await embedPair(name, options);
      other = pair.primary;
      return pair.backup;
    });
    assert.ok(backup <= STOP_MS, `${backup} ms`);
    const primary = await bestOf(() => Promise.resolve(other as RunningNode));
    assert.ok(primary <= STOP_MS, `${primary} ms`);
  });
}

test("a node is gone that is stopped while it starts", async () => {
  for (const options of [{}, PRIMARY]) {
    const exit = await soon(embed("spin", options).stop());
    assert.ok(exit !== undefined && exit.signal !== null);
  }
});

test("a node that stops takes its temporary state directory with it", async () => {
  for (let i = 0; i < 4 * TRIES; i++) {
    const dir = tempDir();
    Deno.env.set("TMPDIR", dir);
    const { primary, backup } = await embedPair("tick");
    Deno.env.delete("TMPDIR");
    assert.is([...Deno.readDirSync(dir)].length, 2);
    const exits = await Promise.all([primary.stop(), backup.stop()]);
    // One that a busy machine kept from ending in time is killed, and takes nothing with it.
    if (exits.some((exit) => exit.signal === "SIGKILL")) continue;
    assert.is([...Deno.readDirSync(dir)].length, 0);
    return;
  }
  throw new Error("no node stops by itself");
});

test("a node that does not heed SIGTERM is killed", async () => {
  const node = embed("tick", PRIMARY);
  await eventOf(node, "serving");
  Deno.kill(node.pid, "SIGSTOP");
  const exit = await soon(node.stop());
  assert.equal([exit?.signal, exit?.code], ["SIGKILL", 137]);
});

test("a node may be stopped again and after its end", async () => {
  const ended = embed("hello");
  await ended.exit;
  assert.equal(await ended.stop(), await ended.exit);
  const node = embed("tick", PRIMARY);
  const exits = await Promise.all([node.stop(), node.stop(), node.exit]);
  assert.equal(exits[1], exits[0]);
  assert.equal(exits[2], exits[0]);
});

test.run();
