import { test } from "uvu";
import * as assert from "uvu/assert";
import { Errno } from "../../src/wasi-intercept/errno.ts";
import { FileType } from "../../src/wasi-intercept/descriptors.ts";
import { removeDirs, tempDir, treeOf } from "../kit/place.ts";
import { Paths, READ_WRITE, Rig } from "./rig.ts";

/** A directory for a guest in one that it must not see, with every way out that a name can be. */
function prison(): { inside: string; outside: string } {
  const outside = tempDir();
  const inside = `${outside}/inside`;
  Deno.mkdirSync(`${inside}/sub`, { recursive: true });
  Deno.writeTextFileSync(`${outside}/secret`, "secret");
  Deno.writeTextFileSync(`${inside}/mine`, "mine");
  Deno.writeTextFileSync(`${inside}/sub/mine`, "mine");
  for (
    const [name, target] of [
      ["up", ".."],
      ["secret", "../secret"],
      ["absolute", `${outside}/secret`],
      ["home", `${inside}/mine`],
      ["sub/up", "../.."],
      ["chain", "sub/up/secret"],
      ["proc", "/proc/self/cwd"],
      ["loop", "loop"],
      ["dangling", "../none"],
      ["fine", "sub/mine"],
    ] as const
  ) Deno.symlinkSync(target, `${inside}/${name}`);
  return { inside, outside };
}

const ESCAPES = [
  ...["..", "../secret", "../inside/mine", "sub/../../secret", "sub/../.."],
  ...["/", "/etc/passwd", "//etc/passwd", "./../secret", "up", "up/secret"],
  ...["secret", "absolute", "home", "sub/up/secret", "chain", "proc/deno.json"],
  ...["dangling", "sub/../../inside/mine"],
];

test.after(removeDirs);

test("no name opens what is outside, not even what comes back inside", () => {
  const { inside } = prison();
  const paths = new Paths(new Rig({ dirs: [inside] }));
  for (const path of ESCAPES) {
    assert.is(paths.open(path), -Errno.notcapable, path);
    assert.is(paths.stat(path, 1), Errno.notcapable, path);
  }
  for (const path of ["dangling", "up/none", "../none", "/none"]) {
    const opened = paths.open(path, { oflags: 1, rights: READ_WRITE });
    assert.is(opened, -Errno.notcapable, path);
  }
  assert.is(paths.open("loop"), -Errno.loop);
});

test("a name that stays inside works, through links and dots too", () => {
  const { inside } = prison();
  const paths = new Paths(new Rig({ dirs: [inside] }));
  for (
    const path of [
      "mine",
      "./mine",
      "sub/../mine",
      "fine",
      "sub//mine",
      "sub/.",
    ]
  ) assert.ok(paths.open(path) > 3, path);
});

test("no name outside is made, removed, renamed or looked at", () => {
  const { inside, outside } = prison();
  const paths = new Paths(new Rig({ dirs: [inside] }));
  const before = treeOf(outside);
  for (
    const path of [
      "..",
      "../x",
      "/x",
      "up/x",
      "sub/up/x",
      "up/secret",
      "sub/..",
    ]
  ) {
    for (
      const call of [
        "path_create_directory",
        "path_remove_directory",
        "path_unlink_file",
      ]
    ) assert.is(paths.at(call, path), Errno.notcapable, `${call} ${path}`);
    assert.is(paths.rename("mine", path), Errno.notcapable, path);
    assert.is(paths.rename(path, "here"), Errno.notcapable, path);
  }
  assert.equal(treeOf(outside), before);
});

test("a link itself can be looked at, renamed and removed, wherever it points to", () => {
  const { inside } = prison();
  const rig = new Rig({ dirs: [inside] });
  const paths = new Paths(rig);
  assert.is(paths.stat("secret", 0), 0);
  assert.is(rig.memory[62_000 + 16], FileType.symbolicLink);
  assert.is(paths.open("fine", { follow: 0 }), -Errno.loop);
  assert.is(paths.rename("secret", "other"), 0);
  assert.is(paths.at("path_unlink_file", "other"), 0);
});

test("a directory that was opened is as closed as the one that was given", () => {
  const { inside } = prison();
  const paths = new Paths(new Rig({ dirs: [inside] }));
  const dir = paths.open("sub", { oflags: 2 });
  assert.ok(paths.open("mine", { dir }) > 0);
  for (const path of ["..", "../mine", "up", "up/secret", "/"]) {
    assert.is(paths.open(path, { dir }), -Errno.notcapable, path);
  }
});

test("names that are no names give errors", () => {
  const rig = new Rig({ dirs: [prison().inside] });
  const paths = new Paths(rig);
  assert.is(paths.open(""), -Errno.noent);
  assert.is(paths.open("mine\0x"), -Errno.ilseq);
  assert.is(paths.at("path_unlink_file", "mine\0x"), Errno.ilseq);
  assert.is(paths.open("x".repeat(256)), -Errno.nametoolong);
  assert.is(paths.open("y/".repeat(2500)), -Errno.nametoolong);
  assert.is(paths.open("mine/"), -Errno.notdir);
  assert.is(paths.open("mine", { dir: 1 }), -Errno.notdir);
  assert.is(paths.open("mine", { dir: 99 }), -Errno.badf);
  assert.is(rig.call.path_unlink_file!(3, 131_000, 100), Errno.fault);
});

test("a directory that is swapped for a link while the guest opens below it never lets it out", async () => {
  const { inside, outside } = prison();
  Deno.mkdirSync(`${outside}/there`);
  Deno.writeTextFileSync(`${outside}/there/mine`, "outside");
  Deno.symlinkSync("../there", `${inside}/link`);
  const swapping = `
    const [a, b, c] = ["sub", "link", "spare"].map((n) => ${
    JSON.stringify(inside)
  } + "/" + n);
    self.onmessage = ({ data: stop }) => {
      self.postMessage("started");
      while (Atomics.load(stop, 0) === 0) {
        Deno.renameSync(a, c); Deno.renameSync(b, a);
        Deno.renameSync(a, b); Deno.renameSync(c, a);
      }
      self.postMessage("ended");
    };`;
  const url = URL.createObjectURL(
    new Blob([swapping], { type: "text/javascript" }),
  );
  const worker = new Worker(url, { type: "module" });
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const told = () => new Promise((resolve) => worker.onmessage = resolve);
  const started = told();
  worker.postMessage(stop);
  await started;
  const rig = new Rig({ dirs: [inside] });
  const paths = new Paths(rig);
  const seen = { inside: 0, refused: 0 };
  for (let i = 0; i < 20_000 && !(seen.inside && seen.refused); i++) {
    const fd = paths.open("sub/mine");
    if (fd < 0) {
      assert.ok(
        [Errno.notcapable, Errno.noent].includes(-fd as never),
        `${fd}`,
      );
      if (fd === -Errno.notcapable) seen.refused++;
      continue;
    }
    rig.iovecs(64, [4096, 100]);
    rig.call.fd_read!(fd, 64, 1, 32);
    assert.is(rig.text(4096, rig.u32(32)), "mine");
    seen.inside++;
    rig.call.fd_close!(fd);
    rig.drain();
  }
  const ended = told();
  Atomics.store(stop, 0, 1);
  await ended;
  worker.terminate();
  assert.ok(seen.inside > 0, "nothing was ever opened");
});

test.run();
