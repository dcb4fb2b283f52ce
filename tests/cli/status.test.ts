import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  divergenceLines,
  grouped,
  type StatusEvent,
  statusLine,
} from "../../src/runtime/status.ts";

const PLAIN = { json: false, quiet: false };
const QUIET = { json: false, quiet: true };
const JSON_LINES = { json: true, quiet: false };

const REPORT = {
  seq: 18_204,
  recorded: "fd_read(fd=4, len=512)",
  replayed: "clock_time_get(id=0)",
  calls: ["fd_write(fd=1)", "poll_oneoff(n=2)"],
};

type Name = StatusEvent["event"];
type Rows<N extends Name> = [
  event: Extract<StatusEvent, { event: N }>,
  line: string,
][];

/** Every event has at least one golden line: a new one does not compile without. */
const GOLDEN: { [N in Name]: Rows<N> } = {
  serving: [
    [
      { event: "serving", role: "solo", bind: null, listen: [] },
      "replrt: running solo",
    ],
    [
      {
        event: "serving",
        role: "primary",
        bind: "127.0.0.1:7400",
        listen: ["[::1]:80"],
      },
      "replrt: running as primary, takes backups at 127.0.0.1:7400, the program listens on [::1]:80",
    ],
  ],
  waitingForPrimary: [[
    { event: "waitingForPrimary", address: "10.0.0.1:7400" },
    "replrt: waiting for a primary at 10.0.0.1:7400",
  ]],
  waitingForBackups: [[
    {
      event: "waitingForBackups",
      bind: "127.0.0.1:7400",
      inSync: 1,
      needed: 2,
    },
    "replrt: the program waits for 2 backups in sync at 127.0.0.1:7400, 1 so far",
  ]],
  joined: [[
    { event: "joined", peer: "10.0.0.2:41022", node: 7, from: 0 },
    "replrt: backup 10.0.0.2:41022 connected as node 7, needs the log from message 0",
  ]],
  synced: [[
    { event: "synced", peer: "10.0.0.2:41022", seq: 18_204 },
    "replrt: backup 10.0.0.2:41022 joined, in sync at message 18,204",
  ]],
  refused: [[
    { event: "refused", peer: "10.0.0.9:5", reason: "another module" },
    "replrt: refused 10.0.0.9:5: another module",
  ]],
  removed: [
    [
      {
        event: "removed",
        peer: "10.0.0.2:41022",
        reason: "it is gone",
        left: 0,
      },
      "replrt: backup 10.0.0.2:41022 removed: it is gone; none left in sync",
    ],
    [
      {
        event: "removed",
        peer: "10.0.0.2:41022",
        reason: "divergence at message 9",
        left: 1,
      },
      "replrt: backup 10.0.0.2:41022 removed: divergence at message 9; 1 left in sync",
    ],
  ],
  degraded: [[
    { event: "degraded" },
    "replrt: no backup is in sync, the program goes on unprotected",
  ]],
  lagging: [[
    { event: "lagging", peer: "10.0.0.2:41022", messages: 1, bytes: 2_000_000 },
    "replrt: backup 10.0.0.2:41022 lags behind by 1 message, 2,000,000 bytes",
  ]],
  catchingUp: [[
    { event: "catchingUp", percent: 42 },
    "replrt: catching up with the primary, 42 % done",
  ]],
  following: [[
    { event: "following", address: "10.0.0.1:7400", seq: 1_000_000 },
    "replrt: following primary 10.0.0.1:7400, in sync at message 1,000,000",
  ]],
  linkLost: [[
    { event: "linkLost", peer: "10.0.0.1:7400", reason: "connection reset" },
    "replrt: connection to 10.0.0.1:7400 lost: connection reset; trying again",
  ]],
  linkBack: [[
    { event: "linkBack", peer: "10.0.0.1:7400", seq: 999 },
    "replrt: connection to 10.0.0.1:7400 is back, going on at message 999",
  ]],
  frozen: [[
    { event: "frozen", ms: 1204 },
    "replrt: stood still for 1,204 ms, nothing leaves until the others are asked",
  ]],
  takeover: [[
    { event: "takeover", epoch: 2, old: "10.0.0.1:7400", seq: 18_204, ms: 12 },
    "replrt: primary 10.0.0.1:7400 is gone, taking over at message 18,204 in epoch 2, 12 ms after its last sign of life",
  ]],
  taken: [[
    { event: "taken", bind: "127.0.0.1:7401", listen: ["a:1", "b:2"] },
    "replrt: now primary, takes backups at 127.0.0.1:7401, the program listens on a:1 and b:2",
  ]],
  hookFailed: [
    [
      { event: "hookFailed", command: "move-ip", code: 1 },
      "replrt: the --on-takeover command ended with exit code 1: move-ip",
    ],
    [
      { event: "hookFailed", command: "move-ip", code: null },
      "replrt: cannot start the --on-takeover command: move-ip",
    ],
  ],
  divergence: [[
    { event: "divergence", report: REPORT },
    "replrt: divergence at message 18,204: the log has fd_read(fd=4, len=512), the program called clock_time_get(id=0)",
  ]],
  deposed: [
    [
      { event: "deposed", epoch: 2, by: "10.0.0.2:7400" },
      "replrt: 10.0.0.2:7400 is primary in epoch 2, this node releases nothing more",
    ],
    [
      { event: "deposed", epoch: 2, by: null },
      "replrt: another node is primary in epoch 2, this node releases nothing more",
    ],
  ],
  lateJoinOff: [[
    { event: "lateJoinOff", reason: "cannot write the log: no space left" },
    "replrt: no backup can join any more: cannot write the log: no space left",
  ]],
  recordingOff: [[
    { event: "recordingOff", reason: "cannot write a.rlog: no space left" },
    "replrt: the recording ends here: cannot write a.rlog: no space left",
  ]],
  resumeOff: [[
    { event: "resumeOff", reason: "cannot write state/log: no space left" },
    "replrt: this run can't be resumed any more: cannot write state/log: no space left",
  ]],
  resumed: [[
    { event: "resumed", epoch: 2, seq: 18_204, listen: ["127.0.0.1:6379"] },
    "replrt: the program goes on at message 18,204 in epoch 2, the program listens on 127.0.0.1:6379",
  ]],
  over: [[
    { event: "over", code: 3 },
    "replrt: the program had ended with exit code 3",
  ]],
  replayed: [
    [
      { event: "replayed", seq: 1000, reason: null },
      "replrt: replayed to message 1,000",
    ],
    [
      { event: "replayed", seq: 7, reason: "it was cut" },
      "replrt: the recording ends at message 7: it was cut",
    ],
  ],
  moved: [[
    { event: "moved", from: "data", to: "data.before-9f3" },
    "replrt: moved data to data.before-9f3",
  ]],
  dropped: [[
    { event: "dropped", lines: 1 },
    "replrt: 1 status line dropped, stderr was not read",
  ]],
  ended: [
    [
      { event: "ended", code: 3, trap: null, frames: [] },
      "replrt: the program ended with exit code 3",
    ],
    [
      { event: "ended", code: 134, trap: "unreachable", frames: [] },
      "replrt: the program trapped: unreachable (exit code 134)",
    ],
  ],
};

for (const [name, rows] of Object.entries(GOLDEN)) {
  test(`${name} is one sentence, and one object with --json`, () => {
    for (const [event, line] of rows) {
      assert.is(statusLine(event, PLAIN), line);
      const object = statusLine(event, JSON_LINES) ?? "";
      assert.not.match(object, /\n/);
      assert.equal(JSON.parse(object), event);
    }
  });
}

test("--quiet keeps errors and divergences, in both forms", () => {
  const kept = Object.values(GOLDEN)
    .map((rows) => rows[0]![0])
    .filter((event) => statusLine(event, QUIET) !== undefined)
    .map(({ event }) => event);
  assert.equal(kept.sort(), [
    "deposed",
    "divergence",
    "hookFailed",
    "lateJoinOff",
    "recordingOff",
    "resumeOff",
  ]);
  assert.is(
    statusLine({ event: "degraded" }, { json: true, quiet: true }),
    undefined,
  );
});

test("a text of a peer can neither end the line nor drive the terminal", () => {
  const reason = "a\nb\r\n\x1b[2Jc\u2028d\x9b";
  const line = statusLine({ event: "refused", peer: "p", reason }, PLAIN);
  assert.is(line, "replrt: refused p: a b [2Jc d ");
  const object =
    statusLine({ event: "refused", peer: "p", reason }, JSON_LINES) ?? "";
  for (const bad of ["\n", "\r", "\x1b"]) assert.not.match(object, bad);
});

test("the report of a divergence is one line each for what was, what is and what led there", () => {
  assert.equal(divergenceLines(REPORT), [
    "replrt: divergence at message 18,204: the log has fd_read(fd=4, len=512), the program called clock_time_get(id=0)",
    "  recorded: fd_read(fd=4, len=512)",
    "  replayed: clock_time_get(id=0)",
    "  the last 2 calls before it:",
    "    fd_write(fd=1)",
    "    poll_oneoff(n=2)",
  ]);
  assert.is(divergenceLines({ ...REPORT, calls: [] }).length, 3);
});

test("numbers are grouped by thousands", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [999, "999"],
    [1000, "1,000"],
    [123_456_789, "123,456,789"],
    [Number.MAX_SAFE_INTEGER, "9,007,199,254,740,991"],
  ];
  for (const [value, text] of cases) assert.is(grouped(value), text);
});

test.run();
