/** Backups of a program with threads whose primary sends a log that is not its own. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { viewOf } from "../../src/engine/batch.ts";
import { Control, MessageHeader } from "../../src/engine/message.ts";
import { killNodes } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { closeFakes, FakePrimary } from "./kit/fake_primary.ts";
import { startBackup, within } from "./kit/nodes.ts";
import {
  changed,
  control,
  type Message,
  methodOf,
  record,
  type Recording,
} from "./kit/recording.ts";
import { closeWires } from "./kit/wire.ts";

const { processExit, threadCreate, threadExit, threadsWoken } = Control;

/** A program whose threads read, sleep, wait and compute at the same time. */
const GUEST = "overlap";

test.after.each(async () => {
  closeFakes();
  closeWires();
  await killNodes();
  removeDirs();
});

let whole: Recording;

test.before(async () => {
  whole = await record(GUEST);
});

function tidOf(message: Message): number {
  return viewOf(message).getUint32(MessageHeader.at.tid, true);
}

/** Number of the second message of this method, or of the only one. */
function placeOf(method: number): number {
  const all = [...whole.messages.keys()].filter((i) =>
    methodOf(whole.messages[i]!) === method
  );
  return all[1] ?? all[0]!;
}

/** A control message whose DATA is no CBOR. */
function garbage(method: number, tid: number): Message {
  const bytes = control(method, 0x1234, tid);
  bytes.fill(0xff, MessageHeader.size, MessageHeader.size + 3);
  return bytes;
}

/** The log with this message at `at`. */
function withMessage(at: number, message: Message): readonly Message[] {
  return whole.messages.with(at, message);
}

/** Lets a backup follow; how it ended, and its report if there was one. */
async function follow(messages: readonly Message[]) {
  const fake = new FakePrimary(whole, messages);
  fake.onFollow = (wire) => {
    const [batch] = fake.log;
    void wire.send({ kind: "data", batch: batch!, released: 0 });
    void wire.send({ kind: "bye", next: messages.length });
  };
  const backup = startBackup(GUEST, fake.address);
  const { code } = await within(backup.exit, "the backup's end");
  const text = backup.stderr.join("\n");
  assert.not.match(text, /bug in replrt|\.ts:\d/);
  return { backup, code, text };
}

test("the log is followed to its end", async () => {
  const methods = new Set(whole.messages.map(methodOf));
  for (const method of [threadCreate, threadExit, threadsWoken]) {
    assert.ok(methods.has(method), `${method}`);
  }
  const { code, text } = await follow(whole.messages);
  assert.is(code, 0, text);
});

for (
  const { what, at, message, recorded } of [
    {
      what: "wakes a thread that there is not",
      at: threadsWoken,
      message: () => control(threadsWoken, { tids: [99] }, 0),
      recorded: /^threadsWoken$/,
    },
    {
      what: "wakes a thread that does not wait",
      at: threadsWoken,
      message: () => control(threadsWoken, { tids: [1] }, 0),
      recorded: /^threadsWoken$/,
    },
    {
      what: "wakes what is no list",
      at: threadsWoken,
      message: () => control(threadsWoken, { tids: 7 }, 0),
      recorded: /^threadsWoken$/,
    },
    {
      what: "wakes, with DATA that can't be read",
      at: threadsWoken,
      message: () => garbage(threadsWoken, 0),
      recorded: /^threadsWoken$/,
    },
    {
      what: "makes a thread of another number",
      at: threadCreate,
      message: () => control(threadCreate, { parent: 1 }, 77),
      recorded: /^threadCreate of thread 77$/,
    },
    {
      what: "makes a thread by another one",
      at: threadCreate,
      message: (old: Message) =>
        control(threadCreate, { parent: 3 }, tidOf(old)),
      recorded: /^threadCreate of thread 3$/,
    },
    {
      what: "has the return of another thread",
      at: threadExit,
      message: () => control(threadExit, {}, 88),
      recorded: /^threadExit of thread 88$/,
    },
    {
      what: "has an exit by another thread",
      at: threadExit,
      message: () => control(processExit, { kind: "exit", code: 0 }, 4),
      recorded: /^processExit/,
    },
    {
      what: "has main's exit by another thread",
      at: processExit,
      message: () => control(processExit, { kind: "exit", code: 0 }, 4),
      recorded: /^processExit of thread 4$/,
    },
    {
      what: "has an end that can't be read",
      at: processExit,
      message: () => garbage(processExit, 1),
      recorded: /^processExit$/,
    },
    {
      what: "has a call of another thread",
      at: Control.threadExit,
      message: () =>
        changed(
          whole.messages.find((m) => methodOf(m) > 255)!,
          (view) => view.setUint32(MessageHeader.at.tid, 99, true),
        ),
      recorded: / of thread 99$/,
    },
  ]
) {
  test(`a log that ${what} is a divergence at that message`, async () => {
    const seq = placeOf(at);
    const old = whole.messages[seq]!;
    const { backup, code, text } = await follow(
      withMessage(seq, message(old)),
    );
    assert.is(code, 123, text);
    const { report } = await backup.waitForEvent("divergence");
    assert.is(report.seq, seq);
    assert.match(report.recorded, recorded);
  });
}

for (const tid of [1, 3, 99]) {
  test(`a trap of thread ${tid} in the log ends a backup as it ended the primary`, async () => {
    const trap = { kind: "trap", reason: "unreachable", frames: ["f (0x12)"] };
    for (const at of [threadsWoken, threadExit]) {
      const seq = placeOf(at);
      const end = control(processExit, trap, tid);
      const log = [...whole.messages.slice(0, seq), end];
      const { code, text } = await follow(log);
      assert.is(code, 134, text);
    }
  });
}

test.run();
