import { test } from "uvu";
import * as assert from "uvu/assert";
import { lockDirectory, refuseOverlap } from "../../src/runtime/mirror/lock.ts";
import {
  failure,
  imageOf,
  ls,
  makeTree,
  mounted,
  scratch,
  sh,
  withoutRoot,
} from "./mirror_kit.ts";

const source = new URL("../../src/runtime/mirror/", import.meta.url).href;
const kit = new URL("../kit/", import.meta.url).href;
const config = new URL("../../deno.json", import.meta.url).pathname;

/** Runs code in another process until it prints a line. */
async function process(code: string): Promise<Deno.ChildProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `--config=${config}`,
      `${code}; console.log("ready"); setInterval(() => {}, 1000)`,
    ],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  assert.is(new TextDecoder().decode(value).trim(), "ready");
  reader.releaseLock();
  return child;
}

async function kill(child: Deno.ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await child.stdout.cancel();
  await child.status;
}

test(
  "a directory belongs to one process, until that one dies",
  scratch(async (dir) => {
    const other = await process(
      `import { lockDirectory } from "${source}lock.ts";
       globalThis.lock = lockDirectory(${JSON.stringify(dir)}, "refuse")`,
    );
    const error = failure(() => lockDirectory(dir, "refuse"));
    assert.is(
      error.message,
      `cannot use ${dir}: another process on this machine has it as a mirrored directory`,
    );
    assert.is(error.exitCode, 125);
    await kill(other);
    lockDirectory(dir, "refuse").release();
  }),
);

test(
  "a process killed while it fills a directory leaves it empty and unlocked",
  scratch(async (dir) => {
    const image = imageOf(dir);
    const other = await process(
      `import { lockDirectory } from "${source}lock.ts";
       import { Filling } from "${source}fill.ts";
       import { openImage } from "${source}image.ts";
       import { drain } from "${kit}steps.ts";
       const image = drain(openImage(${JSON.stringify(image.path)}));
       const lock = lockDirectory(${JSON.stringify(`${dir}/copy`)}, "make");
       globalThis.filling = new Filling(lock, image.manifest, "r1");
       filling.write("big", 0, image.chunk("big", 0, 1000))`,
    );
    await kill(other);
    assert.ok(ls(dir).includes("copy.joining-r1"));
    lockDirectory(`${dir}/copy`, "make").release();
    assert.equal(ls(`${dir}/copy`), []);
    assert.equal(ls(dir), ["copy", "source", "state"]);
  }),
);

test(
  "a missing directory is refused or made, a file is refused",
  scratch((dir) => {
    const error = failure(() => lockDirectory(`${dir}/no`, "refuse"));
    assert.is(error.message, `cannot use ${dir}/no: it does not exist`);
    assert.is(error.next, `make it: mkdir -p ${dir}/no`);
    const lock = lockDirectory(`${dir}/x/y`, "make");
    assert.ok(lock.made);
    lock.release();
    Deno.writeTextFileSync(`${dir}/file`, "");
    assert.match(
      failure(() => lockDirectory(`${dir}/file`, "make")).message,
      "it is not a directory",
    );
  }),
);

test(
  "a directory is named by machine, device and inode, whatever path leads to it",
  scratch((dir) => {
    Deno.mkdirSync(`${dir}/a`);
    Deno.symlinkSync("a", `${dir}/b`);
    const lock = lockDirectory(`${dir}/a`, "refuse");
    const { identity } = lock;
    lock.release();
    const again = lockDirectory(`${dir}/b`, "refuse");
    assert.is(again.identity, identity);
    again.release();
    const inode = sh(`stat -c %d:%i '${dir}/a'`).trim();
    assert.ok(identity.endsWith(`:${inode}`));
    assert.match(identity, /^[0-9a-f-]{32,36}:\d+:\d+$/);
  }),
);

test(
  "two directories that are the same or nested are refused, links seen through",
  scratch((dir) => {
    const at = (name: string) => `${dir}/${name}`;
    for (const name of ["a/sub", "ab", "state"]) {
      Deno.mkdirSync(at(name), { recursive: true });
    }
    Deno.symlinkSync("a/sub", at("link"));
    refuseOverlap([at("a"), at("ab"), at("missing")], at("state"));
    const pairs: [string, string, string][] = [
      ["a", "a/", "the same"],
      ["a", "a/../a", "the same"],
      ["a", "a/sub", "a/sub is inside"],
      ["a/sub", "a", "a/sub is inside"],
      ["a", "link", "link is inside"],
      ["link", "a/sub", "the same"],
      ["a", "a/new/er", "a/new/er is inside"],
      ["new", "new/er", "new/er is inside"],
      ["new", "new", "the same"],
    ];
    for (const [one, other, how] of pairs) {
      const error = failure(() => refuseOverlap([at(one), at(other)]));
      assert.match(error.message, how);
      assert.match(error.message, `cannot use ${at(one)} and ${at(other)}:`);
    }
    for (const state of ["a", "a/sub/x", "."]) {
      const error = failure(() => refuseOverlap([at("a")], at(state)));
      assert.match(error.message, "keep state in");
      assert.match(error.next ?? "", "--state-dir");
    }
  }),
);

test(
  "the same directory mounted at a second place is the same",
  scratch((dir) => {
    Deno.mkdirSync(`${dir}/a`);
    mounted(`${dir}/b`, "1m", () => {
      sh(`mount --bind '${dir}/a' '${dir}/b'`);
      try {
        const error = failure(() => refuseOverlap([`${dir}/a`, `${dir}/b`]));
        assert.match(error.message, "the same");
      } finally {
        sh(`umount '${dir}/b'`);
      }
    });
  }),
);

test(
  "a directory that may not be read cannot be locked",
  scratch((dir) => {
    Deno.mkdirSync(`${dir}/a`);
    makeTree(`${dir}/a`);
    Deno.chmodSync(`${dir}/a`, 0o000);
    withoutRoot(() => {
      const error = failure(() => lockDirectory(`${dir}/a`, "refuse"));
      assert.match(error.message, `${dir}/a: permission denied`);
      assert.match(error.next ?? "", "permission");
    });
  }),
);

test.run();
