// timeout 800 s
/** `replrt check` finds out whether a program is deterministic, and which source it is that reaches its output. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { removeDirs, tempDir, treeOf } from "../kit/place.ts";
import { check, checkOf, differing, report } from "./kit/check.ts";

const ALL = ["--perturb", "all"];
const SOURCES = ["clock", "random", "env", "readdir", "io"];

test.after.each(async () => {
  await killNodes();
  removeDirs();
});

/** A directory with two files, and the option that gives it to a guest as /data. */
function given(): { dir: string; options: readonly string[] } {
  const dir = tempDir();
  for (const name of ["a", "b"]) Deno.writeTextFileSync(`${dir}/${name}`, name);
  return { dir, options: ["--dir", `${dir}::/data`] };
}

test("a program that prints the same each time passes every check", async () => {
  const found = await report(["hello"], { options: ALL });
  assert.is(found.code, 0);
  assert.is(found.deterministic, true);
  const names = found.checks.map(({ name }) => name);
  assert.equal(names, ["replay", "runs", "fixed", ...SOURCES]);
  assert.equal(differing(found), []);
});

test("stdin is given to each run alike, all of it", async () => {
  const stdin = Array.from({ length: 30_000 }, (_, i) => `${i}\n`).join("");
  const found = await report(["cat"], {
    options: ["--perturb", "io"],
    stdin,
  });
  assert.is(found.code, 0);
});

const PROGRAMS: readonly (readonly [string, string, readonly string[]])[] = [
  ["clock", "clock_time_get", ["clock"]],
  ["random", "random_get", ["random"]],
  ["random", "random_get", ["varies", "stderr"]],
];

for (const [source, call, words] of PROGRAMS) {
  test(`${words.join(" ")} is not deterministic, and it is ${source} that reaches its output`, async () => {
    const found = await report(words, { options: ALL });
    assert.is(found.code, 1);
    assert.equal(differing(found), ["runs", source]);
    for (const name of ["runs", source]) {
      const { call: first, differences } = checkOf(found, name);
      assert.is(first?.learnt, true);
      assert.match(first?.one ?? "", call);
      assert.match(first?.other ?? "", call);
      const [difference] = differences;
      const stream = words[1] ?? "stdout";
      assert.is(difference?.what, stream);
      assert.ok((difference?.offset ?? -1) >= 0);
      assert.is.not(difference?.one, difference?.other);
    }
  });
}

test("a program that prints its environment depends on it", async () => {
  const options = [...ALL, "--env", "A=1", "--env", "B=2"];
  const found = await report(["args"], { options });
  assert.is(found.code, 1);
  assert.equal(differing(found), ["env"]);
  assert.match(checkOf(found, "env").differences[0]?.other ?? "", "REPLRT_CH");
});

test("a program that prints names as they come depends on the order of directories", async () => {
  const { options } = given();
  const found = await report(["varies", "order"], {
    options: [...ALL, "--runs", "1", ...options],
  });
  assert.equal(differing(found), ["readdir"]);
  assert.match(checkOf(found, "readdir").call?.one ?? "", "fd_readdir");
});

test("in another order a large directory has all its names, once", async () => {
  const { dir, options } = given();
  for (let i = 0; i < 4000; i++) {
    Deno.writeTextFileSync(`${dir}/${"name".repeat(60)}${i}`, "");
  }
  const perturb = ["--perturb", "readdir", "--runs", "1", ...options];
  const found = await report(["files"], { options: perturb });
  assert.is(found.code, 0);
  const ordered = await report(["varies", "order"], {
    options: perturb,
  });
  assert.equal(differing(ordered), ["readdir"]);
});

test("a program that counts its reads depends on their sizes", async () => {
  const found = await report(["varies", "sizes"], {
    options: [...ALL, "--runs", "1"],
    stdin: "x".repeat(1000),
  });
  assert.equal(differing(found), ["io"]);
  const [{ what, one = "" } = {}] = checkOf(found, "io").differences;
  assert.is(what, "stdout");
  assert.match(one, /^"256\\n256\\n256/);
});

test("a program that counts its writes depends on their sizes", async () => {
  const { options } = given();
  const found = await report(["files"], {
    options: ["--perturb", "clock,io", ...options],
  });
  assert.equal(differing(found), ["io"]);
});

test("the time of a new file is the clock's doing", async () => {
  const { options } = given();
  const found = await report(["varies", "stamp"], {
    options: ["--perturb", "clock,random", ...options],
  });
  assert.equal(differing(found), ["runs", "clock"]);
  for (const name of ["runs", "clock"]) {
    assert.match(checkOf(found, name).call?.one ?? "", "fd_filestat_get");
  }
});

test("an exit code is compared like output", async () => {
  const found = await report(["varies", "code"], {
    options: ["--perturb", "random", "--runs", "1"],
  });
  assert.is(found.code, 1);
  const { differences } = checkOf(found, "random");
  assert.is(differences[0]?.what, "end");
  assert.match(differences[0]?.one ?? "", /^exit code \d+$/);
});

test("files are compared like output, and the program's directory stays as it was", async () => {
  const { dir, options } = given();
  const before = treeOf(dir);
  const found = await report(["varies", "file"], {
    options: ["--perturb", "clock,random", ...options],
  });
  assert.equal(differing(found), ["runs", "random"]);
  const [{ what, one = "" } = {}] = checkOf(found, "runs").differences;
  assert.is(what, "files");
  assert.match(one, /^\/data\/kept: file of 8 bytes/);
  assert.equal(treeOf(dir), before);
});

test("a program that differs in memory alone is deterministic, and said to differ there", async () => {
  const found = await report(["varies", "memory"], {
    options: ["--perturb", "random"],
  });
  assert.is(found.code, 0);
  for (const name of ["runs", "random"]) {
    const { outcome, differences, call } = checkOf(found, name);
    assert.is(outcome, "equal");
    assert.equal(differences.map(({ what }) => what), ["memory"]);
    assert.match(call?.one ?? "", "random_get");
  }
  assert.equal(checkOf(found, "replay").differences, []);
  const { stdout } = await check(["varies", "memory"]);
  assert.match(stdout, "only memory differs");
  assert.match(stdout, "random_get");
});

test("traps and exit codes of each run alike are no difference", async () => {
  for (const words of [["trap"], ["args", "7"]]) {
    const found = await report(words, { options: ["--perturb", "clock"] });
    assert.is(found.code, 0, words.join(" "));
  }
});

test("waiting takes no time where the clock is fixed, and the program sees it pass", async () => {
  const options = ["--perturb", "clock", "--runs", "1"];
  const found = await report(["varies", "wait"], { options });
  assert.is(found.code, 0);
  assert.ok(checkOf(found, "replay").ms > 0);
});

test("as many runs are compared as were asked for", async () => {
  const found = await report(["hello"], { options: ["--runs", "4"] });
  assert.is(checkOf(found, "runs").runs, 4);
  const one = await report(["random"], { options: ["--runs", "1"] });
  assert.equal(one.checks.map(({ name }) => name), ["replay"]);
  assert.is(one.code, 0);
});

test("a signal ends a check and what it has started, and leaves nothing", async () => {
  const tmp = tempDir();
  const node = startNode(["check", guest("tick")], { env: { TMPDIR: tmp } });
  for (;;) {
    const [place] = [...Deno.readDirSync(tmp)];
    const output = `${tmp}/${place?.name}/run-1/stdout`;
    try {
      if (place !== undefined && Deno.statSync(output).size > 0) break;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  node.kill("SIGTERM");
  assert.equal(await node.exit, { code: 143, signal: "SIGTERM" });
  assert.equal([...Deno.readDirSync(tmp)], []);
});

test.run();
