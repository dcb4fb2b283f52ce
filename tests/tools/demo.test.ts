// alone
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Ledger } from "../../tools/demo/load.ts";
import { failuresOf, type Result, tableOf } from "../../tools/demo/report.ts";
import { Connection } from "../../tools/demo/resp.ts";
import { verify } from "../../tools/demo/verify.ts";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";

const DEMO = new URL("../../tools/demo.ts", import.meta.url).pathname;
const GOOD: Result = {
  ...{ acked: 1200, lost: 0, open: 24, openDone: 3, doubled: 0 },
  ...{ takeoverMs: 61.7, ackedAfter: 200, logBytes: 120_000 },
};

test.after(async () => {
  await killNodes();
  removeDirs();
});

/** Starts the demo with a directory of its own for everything temporary. */
function startDemo(tmp: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", DEMO],
    env: { TMPDIR: tmp },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** What processes there are whose command line names `text`. */
function processesOf(text: string): string[] {
  return [...Deno.readDirSync("/proc")]
    .filter(({ name }) => /^\d+$/.test(name))
    .map(({ name }) => {
      try {
        return Deno.readTextFileSync(`/proc/${name}/cmdline`);
      } catch {
        return "";
      }
    })
    .filter((line) => line.includes(text));
}

function assertNothingLeft(tmp: string): void {
  assert.equal([...Deno.readDirSync(tmp)], []);
  assert.equal(processesOf(tmp), []);
}

test("the demo loses no acknowledged write, and leaves nothing behind", async () => {
  const tmp = tempDir();
  const { code, stdout } = await startDemo(tmp).output();
  const text = new TextDecoder().decode(stdout);
  const row = (name: string): number => {
    const match = text.match(new RegExp(`^${name} +([\\d,]+)$`, "m"));
    return Number(match?.[1]?.replaceAll(",", ""));
  };
  assert.is(code, 0, text);
  assert.ok(row("writes acknowledged") > 0, text);
  assert.is(row("lost"), 0, text);
  assert.ok(row("takeover, ms") > 0, text);
  assert.ok(row("log bytes a write") > 0, text);
  assert.ok(row("  that happened") <= row("writes without an answer"), text);
  assert.match(text, /writes acknowledged, .* log at message .* backup/);
  assert.not.match(text, "\x1b");
  assertNothingLeft(tmp);
});

test("an interrupted demo ends its nodes and removes its files", async () => {
  const tmp = tempDir();
  const child = startDemo(tmp);
  let text = "";
  for await (
    const part of child.stdout.pipeThrough(new TextDecoderStream())
  ) {
    if (text === "") child.kill("SIGINT");
    text += part;
  }
  assert.is((await child.status).code, 130);
  assertNothingLeft(tmp);
});

test("what is not on the server, or too often, is found", async () => {
  const args = ["--tcplisten", "127.0.0.1:0", "--json"];
  const node = startNode(["run", guest("kv"), ...args]);
  const { listen } = await node.waitForEvent("serving");
  const port = Number(listen[0]!.split(":")[1]);
  const server = await Connection.open({ host: "127.0.0.1", port });
  for (const n of [0, 1, 3]) await server.call("SET", `a:${n}`, `${n}`);
  await server.call("SET", "a:2", "other");
  await server.call("INCR", "a:counter");
  const ledger = (sent: number, open: number[]): Ledger => {
    const acked = sent - open.length;
    return { name: "a", sent, acked, open: new Set(open) };
  };
  const found = async (one: Ledger) => await verify([one], server);

  const right = { lost: 0, doubled: 0, open: 0, openDone: 0 };
  assert.equal(await found(ledger(2, [])), { ...right, acked: 2, doubled: 1 });
  const all = ledger(10, [2, 3, 4, 5, 6, 7, 8]);
  const openOnes = { acked: 3, open: 7, openDone: 1 };
  assert.equal(await found(all), { ...right, ...openOnes });
  const wrong = { acked: 10, lost: 6 };
  assert.equal(await found(ledger(10, [])), { ...right, ...wrong });
  const twenty = ledger(20, [2, 4, 5, 6, 7, 8, 10]);
  const most = { acked: 13, lost: 8 + 1, open: 7 };
  assert.equal(await found(twenty), { ...right, ...most });
  server.close();
});

test("everything that should happen and does not is a failure", () => {
  const failures = (change: Partial<Result>) =>
    failuresOf({ ...GOOD, ...change }).join();
  assert.is(failures({}), "");
  assert.match(failures({ lost: 1 }), "acknowledged writes are lost");
  assert.match(failures({ doubled: 1 }), "happened twice");
  assert.match(failures({ takeoverMs: undefined }), "nobody took over");
  assert.match(failures({ ackedAfter: 0 }), "after the takeover");
  assert.match(failures({ ackedAfter: 1200 }), "before the kill");
});

test("the table says what there is to say", () => {
  assert.is(
    tableOf(GOOD).join("\n"),
    [
      "writes acknowledged       1,200",
      "lost                          0",
      "takeover, ms                 62",
      "log bytes a write           100",
      "writes without an answer     24",
      "  that happened               3",
    ].join("\n"),
  );
});

test.run();
