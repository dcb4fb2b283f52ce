import { test } from "uvu";
import * as assert from "uvu/assert";
import { cutFrom } from "../../src/engine/batch.ts";
import type { Frame } from "../../src/engine/frame.ts";
import { Control, MessageHeader } from "../../src/engine/message.ts";
import { rowOf, TABLE } from "../../src/wasi-intercept/table.ts";
import { killNodes } from "../kit/node.ts";
import { freePort, removeDirs } from "../kit/place.ts";
import { closeFakes, FakePrimary } from "./kit/fake_primary.ts";
import {
  launchPrimary,
  startBackup,
  startInSync,
  startPrimary,
  within,
} from "./kit/nodes.ts";
import { closeProxies, Proxy } from "./kit/proxy.ts";
import {
  batchOf,
  changed,
  control,
  type Message,
  methodOf,
  record,
  type Recording,
} from "./kit/recording.ts";
import { closeWires } from "./kit/wire.ts";

test.after.each(async () => {
  closeProxies();
  closeFakes();
  closeWires();
  await killNodes();
  removeDirs();
});

const WRITE = TABLE.find(({ name }) => name === "fd_write")?.id as number;
const CLOCK = TABLE.find(({ name }) => name === "clock_time_get")?.id as number;

let counting: Recording;
let trapping: Recording;

test.before(async () => {
  counting = await record("count", ["40"]);
  trapping = await record("trap");
});

/** Number of the `n`th write in a log. */
function writeAt(messages: readonly Message[], n: number): number {
  const writes = [...messages.keys()].filter((i) =>
    methodOf(messages[i] as Message) === WRITE
  );
  return writes[n] as number;
}

/** Lets a backup follow `messages`; what it said and how it ended. */
async function follow(
  name: string,
  recording: Recording,
  messages: readonly Message[],
  plain = false,
) {
  const fake = new FakePrimary(recording, messages);
  const backup = startBackup(name, fake.address, { plain });
  const { code } = await within(backup.exit, "the backup's end");
  return { fake, backup, code };
}

for (
  const { what, change, recorded } of [
    {
      what: "another method",
      change: (view: DataView) =>
        view.setUint16(MessageHeader.at.method, CLOCK, true),
      recorded: /^clock_time_get\(/,
    },
    {
      what: "a method that nobody knows",
      change: (view: DataView) =>
        view.setUint16(MessageHeader.at.method, 999, true),
      recorded: /^unknown method 999$/,
    },
    {
      what: "other arguments",
      change: (view: DataView) => view.setUint32(MessageHeader.size, 2, true),
      recorded: /^fd_write\(fd=2, /,
    },
    {
      what: "other contents",
      change: (view: DataView) =>
        view.setUint32(
          MessageHeader.at.digest,
          view.getUint32(MessageHeader.at.digest, true) ^ 1,
          true,
        ),
      recorded: /^fd_write\(fd=1, .*\) with other contents$/,
    },
  ]
) {
  test(`a log with ${what} is a divergence, reported with number, both calls and the last 20`, async () => {
    const seq = writeAt(counting.messages, 30);
    const messages = counting.messages.with(
      seq,
      changed(counting.messages[seq] as Message, change),
    );
    const { fake, backup, code } = await follow("count", counting, messages);
    assert.is(code, 123, backup.stderr.join("\n"));
    const { report } = await backup.waitForEvent("divergence");
    assert.is(report.seq, seq);
    assert.match(report.recorded, recorded);
    assert.match(
      report.replayed,
      /^fd_write\(fd=1, iovs=\d+, iovs_len=\d, nwritten=\d+\)/,
    );
    assert.is(report.calls.length, 20);
    assert.match(
      report.calls.at(-1) as string,
      new RegExp(`^${seq - 1} fd_write\\(fd=1, .*\\) = success$`),
    );
    assert.match(
      await fake.leave,
      `it diverged at message ${seq}: the log has ${report.recorded}, its program called`,
    );
    assert.is(backup.stdout, "");
  });
}

for (const value of [7, {}, { offsets: new Uint8Array(23) }]) {
  test(`a log with a takeover that can't be read is a divergence: ${JSON.stringify(value)}`, async () => {
    const seq = writeAt(counting.messages, 30);
    const takeover = control(Control.takeover, value, 0);
    const { backup, code } = await follow(
      "count",
      counting,
      counting.messages.toSpliced(seq, 0, takeover),
    );
    assert.is(code, 123, backup.stderr.join("\n"));
    const { report } = await backup.waitForEvent("divergence");
    assert.is(report.seq, seq);
    assert.is(report.recorded, "a takeover that can't be read");
  });
}

test("the report is readable without --json", async () => {
  const seq = writeAt(counting.messages, 5);
  const messages = counting.messages.with(
    seq,
    changed(
      counting.messages[seq] as Message,
      (view) => view.setUint32(32, 9, true),
    ),
  );
  const fake = new FakePrimary(counting, messages);
  const backup = startBackup("count", fake.address, { flags: [], plain: true });
  assert.is((await within(backup.exit, "the end")).code, 123);
  const text = backup.stderr.join("\n");
  assert.match(
    text,
    new RegExp(
      `replrt: divergence at message ${seq}: the log has fd_write\\(fd=9, `,
    ),
  );
  assert.match(
    text,
    /\n {2}recorded: fd_write\(fd=9, .*\n {2}replayed: fd_write\(fd=1, /,
  );
  assert.match(text, /\n {2}the last \d+ calls before it:\n {4}0 processInit/);
});

test("an exit in the log where the program goes on is a divergence", async () => {
  const seq = writeAt(counting.messages, 8);
  const end = control(Control.processExit, { kind: "exit", code: 0 });
  const messages = [...counting.messages.slice(0, seq), end];
  const { backup, code } = await follow("count", counting, messages);
  assert.is(code, 123, backup.stderr.join("\n"));
  const { report } = await backup.waitForEvent("divergence");
  assert.is(report.seq, seq);
  assert.match(report.recorded, "processExit");
  assert.match(report.replayed, "fd_write(fd=1");
});

test("another exit code than the log's is a divergence that names both", async () => {
  const messages = [
    ...counting.messages.slice(0, -1),
    control(Control.processExit, { kind: "exit", code: 7 }),
  ];
  const { backup, code } = await follow("count", counting, messages);
  assert.is(code, 123, backup.stderr.join("\n"));
  const { report } = await backup.waitForEvent("divergence");
  assert.is(report.recorded, "exit with code 7");
  assert.is(report.replayed, "exit with code 0");
});

test("a program that ends where the log goes on is a divergence", async () => {
  const seq = writeAt(counting.messages, 8);
  const messages = [
    ...counting.messages.slice(0, -1),
    counting.messages[seq] as Message,
  ];
  const { backup, code } = await follow("count", counting, messages);
  assert.is(code, 123, backup.stderr.join("\n"));
  const { report } = await backup.waitForEvent("divergence");
  assert.match(report.recorded, "fd_write(fd=1");
  assert.is(report.replayed, "exit with code 0");
});

test("a trap in the log ends a backup at its next call, as the primary ended", async () => {
  const seq = writeAt(counting.messages, 8);
  const end = control(Control.processExit, {
    ...{ kind: "trap", reason: "unreachable", frames: ["inner (0x12)"] },
  });
  const messages = [...counting.messages.slice(0, seq), end];
  const fake = new FakePrimary(counting, messages);
  fake.onFollow = (wire) => {
    const [batch] = fake.log;
    void wire.send({ kind: "data", batch: batch!, released: 0 });
    void wire.send({ kind: "bye", next: messages.length });
  };
  const backup = startBackup("count", fake.address, { plain: true });
  const { code } = await within(backup.exit, "the end");
  assert.is(code, 134);
  assert.match(backup.stderr.join("\n"), /trapped: unreachable\n.*inner/);
});

test("a backup that traps where the log goes on leaves with 125, which is no divergence", async () => {
  const seq = writeAt(trapping.messages, 0);
  const messages = [
    ...trapping.messages.slice(0, -1),
    trapping.messages[seq] as Message,
  ];
  const { fake, backup, code } = await follow("trap", trapping, messages, true);
  assert.is(code, 125);
  assert.match(
    backup.stderr.join("\n"),
    /trapped here \(unreachable\) where the primary's went on/,
  );
  assert.match(backup.stderr.join("\n"), /inner/);
  assert.match(
    await fake.leave,
    "its program trapped where the primary's went on: unreachable",
  );
});

test("both nodes trap: both end with 134 and a stack trace", async () => {
  const bind = `127.0.0.1:${freePort()}`;
  const primary = launchPrimary("trap", {
    flags: ["--bind", bind, "--wait-backups", "1"],
    plain: true,
  });
  const backup = startBackup("trap", bind, { plain: true });
  for (const node of [primary, backup]) {
    assert.is((await within(node.exit, "the end")).code, 134);
    assert.match(
      node.stderr.join("\n"),
      /trapped: unreachable\n.*inner.*\n.*middle.*\n.*outer/,
    );
  }
});

test("the primary goes on after a backup's divergence and says so", async () => {
  const primary = await startPrimary("tick", { args: ["10"] });
  const proxy = new Proxy(primary.bind);
  const backup = await startInSync("tick", { ...primary, bind: proxy.address });
  let spoilt = false;
  proxy.rule = (frame, way) => {
    if (way !== "toBackup" || frame.body.kind !== "data" || spoilt) {
      return frame;
    }
    const other = spoil(frame);
    spoilt = other !== frame;
    return other;
  };
  assert.is((await within(backup.exit, "the backup's end")).code, 123);
  const { reason } = await primary.node.waitForEvent("removed");
  assert.match(
    reason,
    /it diverged at message \d+: the log has fd_write\(fd=7, .*, its program called fd_write\(fd=1, /,
  );
  await primary.node.waitForEvent("degraded");
  const seen = primary.node.stdout.length;
  await primary.node.waitForOutput(new RegExp(`^[^]{${seen + 40},}`));
});

/** The frame with another descriptor in its first write, if it has one. */
function spoil(frame: Frame): Frame {
  const { body } = frame;
  if (body.kind !== "data") return frame;
  const messages: Message[] = [];
  for (let n = 0; n < body.batch.count; n++) {
    const { bytes } = cutFrom(body.batch, body.batch.first + n);
    const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(
      0,
      true,
    );
    messages.push(bytes.slice(0, size));
  }
  const at = messages.findIndex((m) => rowOf(methodOf(m))?.name === "fd_write");
  if (at < 0) return frame;
  messages[at] = changed(
    messages[at] as Message,
    (view) => view.setUint32(MessageHeader.size, 7, true),
  );
  return {
    ...frame,
    body: { ...body, batch: batchOf(messages, body.batch.first) },
  };
}

test.run();
