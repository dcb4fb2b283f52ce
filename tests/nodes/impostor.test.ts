import { test } from "uvu";
import * as assert from "uvu/assert";
import { cutFrom } from "../../src/engine/batch.ts";
import type { Body } from "../../src/engine/frame.ts";
import { Control } from "../../src/engine/message.ts";
import type { Schedule } from "../../src/wasi-intercept/threads/schedule.ts";
import { killNodes } from "../kit/node.ts";
import { Random } from "../kit/random.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { closeFakes, FakePrimary } from "./kit/fake_primary.ts";
import {
  failureOf,
  memoryOf,
  startBackup,
  until,
  within,
} from "./kit/nodes.ts";
import {
  batchOf,
  control,
  type Message,
  record,
  type Recording,
} from "./kit/recording.ts";
import { closeWires, type Wire } from "./kit/wire.ts";

test.after.each(async () => {
  closeFakes();
  closeWires();
  await killNodes();
  removeDirs();
});

let counting: Recording;

test.before(async () => {
  counting = await record("count", ["40"]);
});

function whole(): FakePrimary {
  return new FakePrimary(counting, counting.messages);
}

/** Sends what is left of the log from `from` on, and its end. */
function finish(wire: Wire, from = 0): void {
  const batch = cutFrom(batchOf(counting.messages), from);
  void wire.send({ kind: "data", batch, released: 0 });
  void wire.send({ kind: "bye", next: counting.messages.length });
}

/** What no schedule of threads is. */
function badSchedules(good: Schedule): unknown[] {
  return [
    ...[undefined, null],
    { ...good, quantum: 0 },
    { ...good, quantum: 2 ** 31 },
    { ...good, seed: "x" },
    { ...good, pollEvery: -1 },
  ];
}

test("a garbage welcome is refused with what to do", async () => {
  const { welcome } = counting;
  const { config } = welcome;
  const bad: unknown[] = [
    ...[null, 7, "welcome", [], {}],
    { ...welcome, run: "0123456789abcdef" },
    { ...welcome, run: new Uint8Array(8) },
    { ...welcome, serving: [1] },
    { ...welcome, config: null },
    { ...welcome, config: { ...config, env: undefined } },
    { ...welcome, config: { ...config, args: [null] } },
    { ...welcome, config: { ...config, dirs: [7] } },
    { ...welcome, config: { ...config, stdio: "123" } },
    { ...welcome, config: { ...config, listeners: -1 } },
    { ...welcome, config: { ...config, listeners: 1 } },
    ...[
      ["/data"],
      [{ name: "/data" }],
      [{ name: "/data", shared: false }],
    ].map((dirs) => ({ ...welcome, config: { ...config, dirs } })),
    ...badSchedules(config.schedule).map((schedule) => ({
      ...welcome,
      config: { ...config, schedule },
    })),
  ];
  for (const value of bad) {
    const fake = whole();
    fake.welcome = value;
    const { code, message, next } = await failureOf(
      startBackup("count", fake.address),
    );
    assert.is(code, 125);
    assert.match(message, `cannot join ${fake.address}: it answered welcome`);
    assert.match(next, "use the same version of replrt on both nodes");
    fake.close();
  }
});

test("what is no replrt at the primary's address is refused with what to do", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void (async () => {
    for await (const conn of listener) {
      await conn.write(new Random(7).bytes(1000));
    }
  })();
  const { code, message, next } = await failureOf(
    startBackup("count", `127.0.0.1:${listener.addr.port}`),
  );
  listener.close();
  assert.is(code, 125);
  assert.match(message, "sent no valid frame: the magic is");
  assert.match(next, "--join");
});

test("data with gaps, out of order, doubled and overlapping is put right", async () => {
  const fake = whole();
  const all = batchOf(counting.messages);
  const piece = (from: number, to: number) =>
    batchOf(counting.messages.slice(from, to), from);
  fake.onFollow = (wire) => {
    const pieces = [[20, 25], [0, 3], [0, 10], [22, 30], [8, 12], [12, 22]];
    for (const [from = 0, to = 0] of pieces) {
      void wire.send({ kind: "data", batch: piece(from, to), released: 0 });
    }
    wire.onFrame = ({ body }) => {
      if (body.kind === "ack" && body.next === 30) finish(wire, 30);
    };
  };
  const backup = startBackup("count", fake.address);
  const { code } = await within(backup.exit, "the end");
  assert.is(code, 0, backup.stderr.join("\n"));
  assert.ok(all.count > 30);
});

test("a gap is asked for again", async () => {
  const fake = whole();
  fake.onFollow = (wire) => {
    const batch = batchOf(counting.messages.slice(0, 5));
    void wire.send({ kind: "data", batch, released: 0 });
    const [next, end, released, sent] = [10, 10, 0, 0];
    void wire.send({ kind: "heartbeat", next, end, released, sent });
    wire.onFrame = ({ body }) => {
      if (body.kind === "nak") finish(wire, body.next);
    };
  };
  const backup = startBackup("count", fake.address);
  assert.is((await within(backup.exit, "the end")).code, 0);
});

test("frames of another run or an old epoch are ignored", async () => {
  const fake = whole();
  const own = { kind: "leave", reason: "not yours" } as const;
  fake.onFollow = (wire) => {
    const { run, epoch } = wire.origin;
    wire.origin = { run: { low: run.low ^ 1, high: run.high }, epoch };
    void wire.send(own);
    wire.origin = { run, epoch: { number: 0, node: 1 } };
    void wire.send(own);
    wire.origin = { run, epoch };
    finish(wire);
  };
  const backup = startBackup("count", fake.address);
  assert.is((await within(backup.exit, "the end")).code, 0);
});

test("garbage in the middle of the log breaks the link, and the backup goes on from its last number", async () => {
  const fake = whole();
  const bad: ((wire: Wire) => Uint8Array)[] = [
    () => new Random(3).bytes(500),
    (wire) => {
      const bytes = wire.frame({ kind: "bye", next: 0 });
      bytes[33] = 1;
      return bytes;
    },
    (wire) => {
      const body: Body = {
        kind: "data",
        batch: { ...batchOf(counting.messages.slice(0, 5)), count: 4_000_000 },
        released: 0,
      };
      return wire.frame(body);
    },
    (wire) => {
      const batch = batchOf(counting.messages.slice(0, 5));
      batch.bytes[28] = 0xff;
      return wire.frame({ kind: "data", batch, released: 0 });
    },
  ];
  const asked: number[] = [];
  fake.onFollow = (wire, hello) => {
    asked.push(hello.next);

    const turn = bad.shift();
    if (turn === undefined) return finish(wire, hello.next);
    const batch = batchOf(
      counting.messages.slice(hello.next, hello.next + 3),
      hello.next,
    );
    void wire.send({ kind: "data", batch, released: 0 });
    void wire.bytes(turn(wire));
  };
  const backup = startBackup("count", fake.address);
  assert.is((await within(backup.exit, "the end")).code, 0);
  assert.equal(asked, [0, 3, 6, 9, 12]);
});

test("control messages that are no CBOR end the backup, but not with a code of the program", async () => {
  for (
    const method of [
      Control.memberJoined,
      Control.memberRemoved,
      Control.takeover,
      Control.processExit,
    ]
  ) {
    for (const value of [null, 7, "x", { kind: "?" }]) {
      const messages: Message[] = [
        ...counting.messages.slice(0, 5),
        control(method, value),
        ...counting.messages.slice(5),
      ];
      const fake = new FakePrimary(counting, messages);
      fake.onFollow = (wire) => {
        const [batch] = fake.log;
        void wire.send({ kind: "data", batch: batch!, released: 0 });
        void wire.send({ kind: "bye", next: messages.length });
      };
      const backup = startBackup("count", fake.address);
      const { code } = await within(backup.exit, "the end");
      const harmless = method === Control.memberJoined ||
        method === Control.memberRemoved;
      const codes = harmless ? [0] : [123, 125];
      assert.ok(
        codes.includes(code),
        `${method} ${JSON.stringify(value)} gave ${code}: ${backup.stderr}`,
      );
      fake.close();
    }
  }
});

test("a primary that dies before the joiner is in sync: it never goes live and says why", async () => {
  const fake = new FakePrimary(counting, counting.messages.slice(0, 10));
  const backup = startBackup("count", fake.address, {
    flags: ["--join-timeout", "5000"],
  });
  await until(
    "an ack",
    () =>
      fake.frames.some(({ body }) => body.kind === "ack" && body.next === 10),
  );
  fake.close();
  const { code, message } = await failureOf(backup);
  assert.is(code, 125);
  assert.match(message, /cannot (join|take over)/);
  assert.is(backup.stdout, "");
});

test("a manifest that leads out of the directory is refused", async () => {
  const dir = tempDir();
  const listing = {
    mode: 0o755,
    bytes: 1,
    digest: "0".repeat(64),
    entries: [{ type: "symlink", path: "../x", target: "/etc" }],
  };
  const fake = whole();
  const { config } = counting.welcome;
  fake.welcome = {
    ...counting.welcome,
    config: { ...config, dirs: [{ name: "/data", shared: false }] },
  };
  fake.manifest = listing;
  const { code, message } = await failureOf(
    startBackup("count", fake.address, {
      flags: ["--dir", `${dir}/in::/data`],
    }),
  );
  assert.is(code, 125);
  assert.match(
    message,
    /cannot take the manifest from the other node: "..\/x" is no path/,
  );
  assert.equal([...Deno.readDirSync(dir)].map(({ name }) => name), ["in"]);
});

test("a primary that floods a backup before its answer is read costs bounded memory", async () => {
  const fake = whole();
  fake.onFollow = (wire) => {
    const batch = batchOf(counting.messages.slice(0, 3), 1000);
    const early = wire.frame({ kind: "data", batch, released: 0 });
    void (async () => {
      for (let i = 0; i < 200_000; i++) await wire.bytes(early);
      finish(wire);
    })();
  };
  const backup = startBackup("count", fake.address);
  const { pid } = backup;
  let most = 0;
  const watch = setInterval(() => {
    try {
      most = Math.max(most, memoryOf(pid, "VmHWM") || 0);
    } catch {
      clearInterval(watch);
    }
  }, 50);
  const { code } = await within(backup.exit, "the end");
  clearInterval(watch);
  assert.is(code, 0);
  assert.ok(most > 0 && most < 500, `${most} MB`);
});

test.run();
