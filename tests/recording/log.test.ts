/** What `replrt log` and `--trace` show. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Control, MessageHeader } from "../../src/engine/message.ts";
import { LogHeader } from "../../src/engine/log.ts";
import { CUT } from "../../src/runtime/recording/recording.ts";
import { TABLE } from "../../src/wasi-intercept/table.ts";
import { FAMILIES } from "../families/families.ts";
import { argsOf } from "../families/kit/runs.ts";
import { Client } from "../families/kit/client.ts";
import { guest, killNodes, patient, startNode } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { Edited, type Placed } from "./kit/edit.ts";
import { line, linesOf, log, read, unnumbered } from "./kit/lines.ts";
import { ended, place, record, startRecord } from "./kit/runs.ts";
import { SHOWN } from "./kit/shown.ts";

const LOCAL = new Set(
  TABLE.filter(({ effect }) => effect === "local").map(({ name }) => name),
);

/** Recordings of families, and of their traces the lines. */
const files = new Map<string, string>();
const traces = new Map<string, string[]>();

function fileOf(name: string): string {
  return files.get(name) as string;
}

test.before(async () => {
  const endings = [["exit 42 1", "ending"], ["raise 15 1", "raising"]];
  for (const family of FAMILIES) {
    if (family.listens || family.name === "ending") continue;
    const run = await record("families", {
      args: argsOf(family, family.name === "random" ? 6 : 1),
      options: ["--trace"],
      ...family.env ? { env: family.env } : {},
      ...family.files ? { dirs: ["/data"] } : {},
    });
    files.set(family.name, run.file);
    traces.set(family.name, linesOf(run.stderr));
  }
  for (const [argument, name] of endings as [string, string][]) {
    const args = ["ending", "2", argument];
    const run = await record("families", { args, options: ["--trace"] });
    files.set(name, run.file);
    traces.set(name, linesOf(run.stderr));
  }
  const file = place();
  const options = ["--json", "--tcplisten", "127.0.0.1:0"];
  const args = ["sockets", "3"];
  const node = startRecord(guest("families"), file, { args, options });
  const client = new Client([node]);
  await node.exit;
  await client.stop();
  files.set("sockets", file);
});

test.after(async () => {
  await killNodes();
  removeDirs();
});

test("every row is shown with its words, in a log or, if it is in none, in a trace", () => {
  const logged = [...files.values()].flatMap((file) =>
    unnumbered(read(file).entries)
  );
  const traced = [...traces.values()].flat();
  assert.equal(Object.keys(SHOWN), TABLE.map(({ name }) => name));
  for (const [name, pattern] of Object.entries(SHOWN)) {
    const lines = LOCAL.has(name) ? traced : logged;
    const own = lines.filter((text) => text.startsWith(`${name}(`));
    const found = own.some((text) => pattern.test(text));
    assert.ok(found, `${own.slice(0, 9).join("\n")} has no ${pattern}`);
  }
});

test("a trace has the lines of the log, in their order, and the calls that are in no log", () => {
  for (const [name, trace] of traces) {
    const calls = read(fileOf(name)).entries.filter(({ seen }) => seen);
    const rest = trace.values();
    for (const text of unnumbered(calls)) {
      assert.ok(
        rest.some((shown) => shown === text),
        `${name}: ${text} is not where it should be in the trace`,
      );
    }
  }
});

test("run --trace shows the same, alone and on both nodes of a pair", async () => {
  const args = ["--trace", guest("hello")];
  const solo = await ended(startNode(["run", ...args]));
  const primary = startNode([
    ...["run", "--role", "primary", "--bind", "127.0.0.1:0"],
    ...patient(["--wait-backups", "1", ...args]),
  ]);
  const [, bind] = await primary.waitFor(/in sync at (127\S+),/);
  const backup = startNode([
    ...["run", "--role", "backup", "--bind", "127.0.0.1:0"],
    ...patient(["--join", bind as string, ...args]),
  ]);
  const both = await Promise.all([ended(primary), ended(backup)]);
  const calls = (text: string) =>
    linesOf(text).filter((text) => /^[a-z_]+\(/.test(text));
  assert.match(solo.stderr, /^fd_write\(fd=1<stdout>, .*\) = 13$/m);
  for (const { stderr } of both) {
    assert.equal(calls(stderr), calls(solo.stderr), stderr);
  }
});

test("run --trace --json shows a call as an object", async () => {
  const node = startNode(["run", "--trace", "--json", guest("hello")]);
  const { stderr } = await ended(node);
  const calls = linesOf(stderr).map((text) => JSON.parse(text))
    .filter(({ event }) => event === "call");
  const { args, ...call } = calls.find(({ call }) => call === "fd_write");
  assert.is(args.fd, 1);
  assert.equal(call, {
    event: "call",
    call: "fd_write",
    names: { fd: "stdout" },
    errno: "success",
    outcome: { nwritten: 13 },
  });
});

test("replrt log prints a line a message, numbered from 0", async () => {
  const { code, stdout, stderr } = await log(fileOf("io"));
  assert.equal([code, stderr], [0, ""]);
  const { entries } = read(fileOf("io"));
  assert.equal(linesOf(stdout), entries.map(line));
  const lines = linesOf(stdout);
  assert.match(
    lines[0] as string,
    /^ {6}0 processInit: run [0-9a-f]{32} of ".*families/,
  );
  assert.match(
    lines.at(-1) as string,
    /processExit: the program ended with exit code 0/,
  );
  lines.forEach((text, i) => assert.ok(text.trimStart().startsWith(`${i} `)));
});

test("only wanted messages are printed", async () => {
  const file = fileOf("names");
  const all = read(file).entries;
  const named = await log(
    file,
    "--only=path_open,processExit",
    "--only=fd_close",
  );
  assert.equal(
    linesOf(named.stdout),
    all.filter(({ seen, method }) =>
      method === Control.processExit ||
      ["path_open", "fd_close"].includes(seen?.call.row.name ?? "")
    ).map(line),
  );
  const fd = linesOf((await log(file, "--fd", "7")).stdout);
  assert.ok(fd.length > 2);
  assert.match(fd[0] as string, / path_open\(.* = 7<\/data\/r1\/other>/);
  for (const text of fd) assert.match(text, /\b(fd|_fd)=7<|= 7</);
  const range = await log(file, "--from", "9", "--to", "11", "--thread", "1");
  assert.equal(linesOf(range.stdout), all.slice(9, 12).map(line));
  assert.is((await log(file, "--thread", "2")).stdout, "");
});

test("a descriptor is named where it is moved to, and where its number is given again", () => {
  const lines = unnumbered(read(fileOf("descriptors")).entries);
  const from = (start: string, after = 0) =>
    lines.findIndex((text, i) => i >= after && text.startsWith(start));
  const moved = from("fd_renumber(fd=5</data/r1/one>, to=6</data/r1/two>) = s");
  assert.ok(moved > 0);
  const write = from("fd_write(fd=6</data/r1/one>,", moved);
  assert.ok(write > moved);
  const again = from('path_open(fd=4</data/r1>, dirflags=0, path="three"');
  assert.match(lines[again] as string, / = 5<\/data\/r1\/three> REGULAR_FILE$/);
  assert.ok(from("fd_write(fd=5</data/r1/three>,", again) > again);
});

test("threads are shown once there are several", async () => {
  const edited = new Edited(fileOf("io"));
  const { at, seq } = edited.messages().at(-2) as Placed;
  const view = new DataView(edited.bytes.buffer);
  view.setUint32(at + MessageHeader.at.tid, 2, true);
  const path = edited.save(place());
  const lines = linesOf((await log(path)).stdout);
  const before = lines.slice(0, seq);
  assert.not.ok(before.some((text) => /^ *\d+ \[/.test(text)));
  assert.match(
    lines[seq] as string,
    new RegExp(`^ *${seq} \\[1\\.2\\] [a-z_]+\\(`),
  );
  assert.match(lines[seq + 1] as string, / \[1\.1\] processExit: /);
  const own = await log(path, "--thread", "2");
  assert.equal(linesOf(own.stdout), [lines[seq]]);
});

test("names that no message has are refused", async () => {
  const unknown = await log(fileOf("io"), "--only", "fd_reed");
  assert.is(unknown.code, 125);
  assert.match(unknown.stderr, "cannot use --only fd_reed: no message has");
  const local = await log(fileOf("io"), "--only", "args_get");
  assert.is(local.code, 125);
  assert.match(local.stderr, "replrt run --trace shows these calls, too");
});

test("--json gives an object a message, whole", async () => {
  const { stdout } = await log(fileOf("io"), "--json");
  const objects = linesOf(stdout).map((text) => JSON.parse(text));
  assert.equal(objects.map(({ seq }) => seq), [...objects.keys()]);
  assert.is(objects[0].control, "processInit");
  assert.equal(objects[0].data.config.dirs, [{ name: "/data", shared: true }]);
  const opened = objects.find(({ args }) => args?.path === "f");
  assert.equal(opened.added, { fd: 5, name: "/data/r1/f" });
  assert.equal(opened.args.oflags, ["CREAT"]);
  assert.is(opened.outcome.filetype, "REGULAR_FILE");
  const read = objects.find(({ call }) => call === "fd_read");
  assert.equal(read.names, { fd: "/data/r1/f" });
  assert.is(atob(read.outcome.data), "hello, wide ");
  const seek = objects.find(({ args }) => args?.whence === "CUR");
  assert.equal([seek.args.offset, seek.outcome], ["-3", { newoffset: "14" }]);
});

test("--stats counts calls, errors and bytes by method", async () => {
  const file = fileOf("io");
  const objects = linesOf((await log(file, "--stats", "--json")).stdout)
    .map((text) => JSON.parse(text));
  const calls = read(file).entries.filter(({ seen }) => seen);
  const sum = (key: string) => objects.reduce((n, row) => n + row[key], 0);
  assert.is(sum("calls"), calls.length);
  assert.is(sum("errors"), calls.filter(({ errno }) => errno !== 0).length);
  assert.is(sum("logged"), calls.reduce((n, { size }) => n + size, 0));
  const reads = objects.find(({ call }) => call === "fd_read");
  assert.equal([reads.calls, reads.errors], [9, 1]);
  assert.is(reads.bytes, 12 + 5 + 2 + 4 + 11);
  assert.ok(objects.every(({ ms }, i) => i === 0 || objects[i - 1].ms >= ms));
  const table = linesOf((await log(file, "--stats")).stdout);
  assert.match(
    table[0] as string,
    /calls +errors +bytes +in the log +time in ms +method/,
  );
  assert.match(table[1] as string, / █{20}$/);
  assert.match(table.at(-1) as string, "clock stamps of the log's frames");
});

test("of a mirrored directory the log has counts, of a shared one contents and intents", async () => {
  const logged = async (kind: string) => {
    const state = tempDir();
    const node = startNode([
      ...["run", "--role", "primary", "--bind", "127.0.0.1:0"],
      ...["--state-dir", `${state}/s`, "--dir", `${tempDir()}::/data${kind}`],
      ...[guest("families"), "--", "io"],
    ]);
    assert.is((await node.exit).code, 0, node.stderr.join("\n"));
    return unnumbered(read(`${state}/s/log`).entries);
  };
  const mirrored = await logged("");
  assert.ok(mirrored.some((text) => /^fd_read\(.*\) = 12$/.test(text)));
  assert.not.ok(mirrored.some((text) => text.startsWith("intent")));
  const shared = await logged("::shared");
  assert.ok(shared.some((text) => /^fd_read\(.*\) = 12 "hello/.test(text)));
  const at = shared.findIndex((text) => /^intent fd_write\(.*= 17$/.test(text));
  assert.match(
    shared[at + 1] as string,
    /^fd_write\(.*\) = \{nwritten=0, at=17\}$/,
  );
  assert.match(
    shared[1] as string,
    /^intent path_create_directory\(.*\) = success$/,
  );
});

test("a recording that was cut anywhere is read up to the last whole frame", () => {
  const whole = new Edited(fileOf("ending"));
  const lines = read(fileOf("ending")).entries.map(line);
  const ends = whole.frames();
  const counts = ends.map((end) =>
    whole.messages().filter(({ at }) => at < end).length
  );
  const path = place();
  for (let size = 0; size <= whole.bytes.length; size++) {
    Deno.writeFileSync(path, whole.bytes.subarray(0, size));
    const frame = ends.findLastIndex((end) => end <= size);
    if (frame < 1) {
      const why = size === 0 ? /it is empty/ : /cannot read/;
      assert.throws(() => read(path), why, `${size} bytes`);
      continue;
    }
    const { entries, end } = read(path);
    assert.equal(entries.map(line), lines.slice(0, counts[frame]));
    assert.is(end.damage, ends[frame] === size ? undefined : CUT);
    assert.is(end.size, ends[frame]);
  }
});

test("a cut is said on stderr and is no error, damage is one", async () => {
  const whole = new Edited(fileOf("io"));
  const frames = whole.frames();
  const middle = frames[frames.length >> 1] as number;
  const count = whole.messages().filter(({ at }) => at < middle).length;
  const good = read(fileOf("io")).entries.slice(0, count).map(line);
  const path = place();

  Deno.writeFileSync(path, whole.bytes.subarray(0, middle + 50));
  const cut = await log(path);
  assert.equal([cut.code, linesOf(cut.stdout)], [0, good]);
  assert.is(
    cut.stderr,
    `replrt: ${path} ends at byte ${middle}, after message ${
      count - 1
    }: it was cut\n`,
  );

  const flipped = whole.bytes.slice();
  flipped[middle + 90]! ^= 1;
  Deno.writeFileSync(path, flipped);
  const damaged = await log(path);
  assert.equal([damaged.code, linesOf(damaged.stdout)], [125, good]);
  assert.is(
    damaged.stderr,
    `error: cannot read on in ${path} at byte ${middle}, after message ${
      count - 1
    }: the checksum does not fit\n`,
  );
});

test("a frame whose size is wrong is damage, not a cut", async () => {
  const whole = new Edited(fileOf("io"));
  const middle = whole.frames()[1] as number;
  const path = place();
  new DataView(whole.bytes.buffer).setUint32(middle + 4, 1 << 21, true);
  Deno.writeFileSync(path, whole.bytes);
  const { code, stderr } = await log(path);
  assert.is(code, 125);
  assert.match(stderr, "the size of a frame does not fit");
});

test("nobody who reads on is no error, however much there is to print", async () => {
  const args = ["clocks", "4000"];
  const { file } = await record("families", { args });
  const command = `"$0" log "$1" | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: [
      "-c",
      command,
      new URL("../../replrt", import.meta.url).pathname,
      file,
    ],
    env: { REPLRT_DENO: Deno.execPath() },
  }).output();
  const text = new TextDecoder();
  assert.match(text.decode(stdout), /^ +0 processInit: .*\n0\n$/);
  assert.is(text.decode(stderr), "");
});

test("what is not a recording is refused", async () => {
  const path = place();
  Deno.writeFileSync(path, new Uint8Array(LogHeader.size));
  const { code, stderr } = await log(path);
  assert.is(code, 125);
  assert.match(stderr, `cannot read ${path}: it is no recording`);
});

test("what is piped has no colours", async () => {
  assert.not.match((await log(fileOf("ending"))).stdout, "\x1b");
});

test.run();
