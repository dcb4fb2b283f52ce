// timeout 800 s
/** `replrt check` on programs with threads, in the one order that they have without a seed. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { viewOf } from "../../src/engine/batch.ts";
import { Control, MessageHeader } from "../../src/engine/message.ts";
import { differentCall } from "../../src/runtime/recording/check/calls.ts";
import { killNodes } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { checkOf, differing, report } from "./kit/check.ts";
import { Edited, type Placed } from "./kit/edit.ts";
import { place, record } from "./kit/runs.ts";

test.after.each(async () => {
  await killNodes();
  removeDirs();
});

for (const words of [["turns"], ["crowd"], ["schedules", "lost"]]) {
  test(`${words.join(" ")} does the same each time, whatever source is another`, async () => {
    const found = await report(words, { options: ["--perturb", "all"] });
    assert.is(found.code, 0);
    assert.equal(differing(found), []);
    assert.is(checkOf(found, "replay").outcome, "equal");
  });
}

test("a program that computes while it reads gets all of stdin in each run", async () => {
  const found = await report(["mixed"], {
    options: ["--perturb", "clock,random,env,readdir"],
    stdin: Array.from({ length: 1000 }, (_, i) => `line ${i}\n`).join(""),
  });
  assert.is(found.code, 0);
});

test("waits that run out are told by the clock: fixed runs are alike, and each run is replayed", async () => {
  const found = await report(["queue"], { options: ["--perturb", "random"] });
  for (const name of ["replay", "fixed", "random"]) {
    assert.is(checkOf(found, name).outcome, "equal", name);
  }
});

/** What a change of the first message of a kind makes the first call that differs. */
async function changed(
  method: number,
  change: (message: Placed, bytes: Uint8Array) => void,
) {
  const { file } = await record("queue", { args: ["200"] });
  const edited = new Edited(file);
  const message = edited.messages().find((message) =>
    message.method === method && message.data.at(-1) !== 0x80
  ) as Placed;
  change(message, edited.bytes);
  const call = differentCall(file, edited.save(place()));
  assert.is(call?.seq, message.seq);
  return call;
}

function setTid({ at }: Placed, bytes: Uint8Array): void {
  viewOf(bytes).setUint32(at + MessageHeader.at.tid, 9, true);
}

function setLast({ data }: Placed): void {
  data[data.length - 1] = 9;
}

test("another thread that was made, or that returned, is the first call that differs", async () => {
  const made = await changed(Control.threadCreate, setTid);
  assert.is(made?.one, "thread 2: threadCreate: made by thread 1");
  assert.is(made?.other, "thread 9: threadCreate: made by thread 1");
  const by = await changed(Control.threadCreate, setLast);
  assert.is(by?.other, "thread 2: threadCreate: made by thread 9");
  const over = await changed(Control.threadExit, setTid);
  assert.match(over?.one ?? "", /^thread [2-5]: threadExit: it returned$/);
  assert.is(over?.other, "thread 9: threadExit: it returned");
  assert.equal([made?.learnt, by?.learnt, over?.learnt], [false, false, false]);
});

test("threads that the world let go on are something that the program learnt", async () => {
  const woken = await changed(Control.threadsWoken, setLast);
  assert.match(woken?.one ?? "", /^threadsWoken: ([2-5], )*[2-5]$/);
  assert.match(woken?.other ?? "", /^threadsWoken: ([2-5], )*9$/);
  assert.is(woken?.learnt, true);
});

test("another end is no outcome of a call", async () => {
  const end = await changed(Control.processExit, setLast);
  assert.is(end?.one, "the end: exit code 0");
  assert.is(end?.other, "the end: exit code 9");
  assert.is(end?.learnt, false);
});

test.run();
