/** Logs that no primary makes, or another one did: a backup never takes them for its own failure, never hangs, and never goes on. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Control, MessageHeader } from "../../src/engine/message.ts";
import { viewOf } from "../../src/engine/batch.ts";
import { clock_time_get } from "../../src/wasi-intercept/clock.ts";
import {
  Divergence,
  LoggedEnd,
} from "../../src/runtime/guest/ring_messages.ts";
import { Rig } from "./rig.ts";
import { follow, lead, type Life, type Play } from "./threads_lives.ts";
import { control, linesOf, message, renumbered } from "./threads_log.ts";
import { varied } from "./threads_varied.ts";

const { processExit, threadCreate, threadExit, threadsWoken } = Control;

/** DATA that is no CBOR, or none that says anything. */
const GARBAGE: readonly (readonly number[])[] = [
  ...[[], [0xff], [0x1c], [0xf7], [0xf6], [0x00], [0x80], [0xa0]],
  ...[[0xa1], [0x62, 0x61], [0x5f, 0x41], [0x9b, 255, 255, 255, 255]],
  ...[[0xd9, 0xd9], [0xc1, 0x61, 0x41], Array(5000).fill(0x81)],
  [0xa1, 0x64, 0x74, 0x69, 0x64, 0x73, 0x9a, 0xff, 0xff, 0xff, 0xff],
];

function garbage(method: number, tid: number): Uint8Array[] {
  return GARBAGE.map((data) => message(method, tid, new Uint8Array(data)));
}

function woken(...values: unknown[]): Uint8Array[] {
  return values.map((value) => control(threadsWoken, 0, value));
}

const EXIT = { kind: "exit", code: 0 };
const TRAP = { kind: "trap", reason: "unreachable", frames: ["f (0x1)"] };

/** Messages by what is wrong with each of them. */
const WRONG: Readonly<Record<string, readonly Uint8Array[]>> = {
  "one that wakes a thread that there is not": woken(
    ...[[99], [0], [-1], [1.5], ["2"], [null], [2n ** 64n - 1n], [[2]]].map(
      (tids) => ({ tids }),
    ),
  ),
  "one that wakes a thread twice": woken(
    ...[[1, 1], [2, 2], [3, 3], [2, 3, 2], [3, 2, 1, 1]].map((tids) => ({
      tids,
    })),
  ),
  "one that wakes no list of threads": woken(
    ...[7, null, "1", "", {}, { 0: 2 }, new Uint8Array([2]), new Map()].map(
      (tids) => ({ tids }),
    ),
    ...[[2], 2, "tids", null, { tid: 2 }],
  ),
  "one that wakes, but says nothing that can be read": garbage(threadsWoken, 0),
  "one that wakes in a thread's name": [1, 2, 99].map((tid) =>
    control(threadsWoken, tid, { tids: [] })
  ),
  "one that makes a thread of another number": [0, 1, 9, 2 ** 32 - 1].map(
    (tid) => control(threadCreate, tid, { parent: 1 }),
  ),
  "one that makes a thread by another one": [2, 3, 4, 5].flatMap((tid) =>
    [0, 2, 99, "1", null, undefined].map((parent) =>
      control(threadCreate, tid, { parent })
    )
  ),
  "one that makes a thread, but says nothing that can be read": [2, 3, 4]
    .flatMap((tid) => garbage(threadCreate, tid)),
  "one by which another thread returns": [0, 1, 5, 99].map((tid) =>
    control(threadExit, tid, {})
  ),
  "the end of the process by no thread of it": [0, 5, 99].map((tid) =>
    control(processExit, tid, EXIT)
  ),
  "the end of the process by another thread": [2, 3].map((tid) =>
    control(processExit, tid, { kind: "exit", code: 77 })
  ),
  "the end of the process, but nothing that can be read of it": [1, 2]
    .flatMap((tid) => [
      ...garbage(processExit, tid),
      ...[
        ...[{ kind: "trap" }, { ...TRAP, frames: 7 }, { ...TRAP, reason: 7 }],
        ...[{ ...TRAP, frames: [7] }, { kind: "exit" }, { kind: "other" }],
        ...[{ kind: "exit", code: "3" }, { kind: "exit", code: 1.5 }],
      ].map((end) => control(processExit, tid, end)),
    ]),
  "a call of no thread": [0, 5, 99].map((tid) =>
    message(clock_time_get.id, tid, new Uint8Array(24))
  ),
  "a method that nobody knows": [0, 1, 2, 99].map((tid) =>
    message(999, tid, new Uint8Array(8))
  ),
};

/** Lives of backups whose log has a message instead of each of the primary's, one after the other, and goes on as it did. */
async function instead(
  { log }: Life,
  hostile: Uint8Array,
  each: (life: Life, at: number) => void,
): Promise<void> {
  for (const at of log.keys()) {
    const other = renumbered(log.toSpliced(at, 1, hostile));
    each(await follow(varied, other), at);
  }
}

let first: Life;

test.before(async () => {
  first = await lead(varied);
});

for (const [what, messages] of Object.entries(WRONG)) {
  test(`a log with a wrong message is a divergence at that, wherever it stands: ${what}`, async () => {
    for (const hostile of messages) {
      await instead(first, hostile, ({ end, taken }, at) => {
        assert.match(
          end,
          new RegExp(
            `^cannot replay message ${
              at + 1
            }: the log has .+, the guest called .+$`,
          ),
        );
        assert.is(taken, at + 1);
      });
    }
  });
}

test("a trap in the log ends a backup, whichever thread's it is and wherever it stands", async () => {
  for (const tid of [0, 1, 2, 3, 99]) {
    const hostile = control(processExit, tid, TRAP);
    await instead(first, hostile, ({ end }, at) => {
      const last = at === first.log.length - 1;
      assert.is(last && tid === 1 ? "logged end" : end, "logged end");
    });
  }
});

test("an exit in the log is a divergence where the thread goes on, and where another one exits", async () => {
  for (const tid of [1, 2, 3, 4]) {
    const hostile = control(processExit, tid, { kind: "exit", code: 3 });
    await instead(first, hostile, ({ end }, at) => {
      const last = at === first.log.length - 1;
      if (last && tid === 1) assert.is(end, "exit 3");
      else assert.match(end, `cannot replay message ${at + 1}: the log has `);
    });
  }
});

test("a log that wakes other threads than the primary did is followed as far as it can be", async () => {
  const wakers = linesOf(first.log).flatMap((line, at) =>
    line.startsWith("0 threadsWoken") ? [at] : []
  );
  assert.ok(wakers.length > 5);
  for (const at of wakers) {
    for (const tids of [[], [1], [2], [3], [4], [2, 3], [3, 2], [2, 3, 4]]) {
      const hostile = control(threadsWoken, 0, { tids });
      const other = renumbered(first.log.toSpliced(at, 1, hostile));
      const { end } = await follow(varied, other);
      assert.match(end, /^(cannot replay message \d+: the log has |exit 3$)/);
    }
  }
});

test("a log without one of its messages, with one twice, or with two the other way round is a divergence, or as good", async () => {
  for (const at of first.log.keys()) {
    const one = first.log[at]!, next = first.log[at + 1] ?? one;
    for (
      const [deleted, ...put] of [[1], [1, one, one], [2, next, one]] as const
    ) {
      const other = renumbered(first.log.toSpliced(at, deleted, ...put));
      const { end } = await follow(varied, other);
      assert.match(end, /^(cannot replay message \d+: |exit 3$|waits$)/);
    }
  }
});

test("messages whose thread is another one are divergences that name both", async () => {
  const swapped = first.log.map((bytes, at) => {
    const copy = bytes.slice();
    const tid = viewOf(copy).getUint32(MessageHeader.at.tid, true);
    viewOf(copy).setUint32(MessageHeader.at.tid, tid === 1 ? 2 : 1, true);
    return [at, copy] as const;
  });
  const lines = linesOf(first.log);
  for (const [at, copy] of swapped) {
    const log = renumbered(first.log.toSpliced(at, 1, copy));
    const { end } = await follow(varied, log);
    assert.match(end, `cannot replay message ${at + 1}: the log has `);
    if (lines[at] === "1 clock_time_get") {
      assert.match(
        end,
        /clock_time_get\(.*\) of thread 2, the guest called clock_time_get\(.*\) of thread 1$/,
      );
    }
  }
});

test("messages of another process are divergences that name it", async () => {
  for (const pid of [0, 2]) {
    for (const [at, bytes] of first.log.entries()) {
      const copy = bytes.slice();
      viewOf(copy).setUint32(MessageHeader.at.pid, pid, true);
      const { end } = await follow(varied, first.log.with(at, copy));
      assert.match(
        end,
        new RegExp(`^cannot replay message ${at + 1}: .* of process ${pid}, `),
      );
    }
  }
});

/** A guest that goes on whatever is thrown at it. */
function stubborn(calls: number): Play {
  return {
    bodies: [async (thread) => {
      for (let i = 0; i < calls; i++) {
        try {
          thread.spawn(1);
          await thread.clock();
        } catch {
          thread.say("caught");
        }
        await thread.pass();
      }
    }, () => {}],
    options: () => ({}),
  };
}

test("a guest that catches what a divergence throws follows nothing more", async () => {
  const { log } = await lead(stubborn(3));
  const wrong = control(threadCreate, 99, { parent: 1 });
  const life = await follow(
    stubborn(3),
    renumbered([wrong, ...log]),
  );
  assert.match(life.end, /^cannot replay message 1: the log has threadCreate/);
  assert.equal(life.said, ["1 caught", "1 caught", "1 caught"]);
  assert.is(life.taken, 1);
});

test("a guest that catches what a logged trap throws has ended all the same", async () => {
  const trap = control(processExit, 1, TRAP);
  const life = await follow(stubborn(3), renumbered([trap]));
  assert.is(life.end, "logged end");
  assert.is(life.taken, 1);
});

test("a process with one thread waits for no other's message", () => {
  for (const tid of [0, 2]) {
    for (
      const [end, error] of [[EXIT, Divergence], [TRAP, LoggedEnd]] as const
    ) {
      const rig = new Rig({ following: true });
      rig.feed(renumbered([control(processExit, tid, end)]));
      for (const name of ["fd_read", "fd_write", "poll_oneoff"]) {
        assert.throws(
          () => rig.call[name]!(name === "fd_read" ? 0 : 1, 2048, 1, 64),
          (thrown: unknown) => thrown instanceof error,
        );
      }
    }
  }
});

test.run();
