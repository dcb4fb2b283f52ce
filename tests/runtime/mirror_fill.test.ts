import { test } from "uvu";
import * as assert from "uvu/assert";
import { setAside } from "../../src/runtime/mirror/aside.ts";
import { Filling } from "../../src/runtime/mirror/fill.ts";
import { lockDirectory } from "../../src/runtime/mirror/lock.ts";
import {
  failure,
  feed,
  fill,
  imageOf,
  ls,
  makeTree,
  manifest,
  mounted,
  pattern,
  scratch,
  sh,
  withoutRoot,
} from "./mirror_kit.ts";

test(
  "the directory stays empty until the filling is whole, and the lock goes with it",
  scratch((dir) => {
    const image = imageOf(dir);
    const copy = `${dir}/copy`;
    const lock = lockDirectory(copy, "make");
    const before = lock.identity;
    const filling = new Filling(lock, image.manifest, "r1");
    feed(filling, image, 1000, 10);
    assert.equal(filling.wanted(), {
      path: "big",
      offset: 10_000,
      size: 5 << 20,
    });
    assert.equal(ls(copy), []);
    feed(filling, image);
    assert.equal(ls(copy), []);
    filling.finish();
    assert.is(manifest(copy).digest, image.manifest.digest);
    assert.is.not(lock.identity, before);
    assert.match(
      failure(() => lockDirectory(copy, "make")).message,
      "another process",
    );
    lock.release();
    lockDirectory(copy, "refuse").release();
    assert.equal(ls(dir), ["copy", "source", "state"]);
  }),
);

test(
  "a directory that was there keeps its mode, one that was made gets the primary's",
  scratch((dir) => {
    const image = imageOf(dir, (tree) => {
      makeTree(tree);
      Deno.chmodSync(tree, 0o750);
    });
    Deno.mkdirSync(`${dir}/old`);
    Deno.chmodSync(`${dir}/old`, 0o711);
    fill(`${dir}/old`, image).release();
    fill(`${dir}/new/deep`, image).release();
    assert.is(manifest(`${dir}/old`).mode, 0o711);
    assert.is(manifest(`${dir}/new/deep`).mode, 0o750);
  }),
);

test(
  "bad chunks are refused: unknown, out of order, too long, empty, repeated, of other content",
  scratch((dir) => {
    const image = imageOf(dir);
    const lock = lockDirectory(`${dir}/copy`, "make");
    const filling = new Filling(lock, image.manifest, "r1");
    const ten = pattern(10);
    filling.write("big", 0, ten);
    const bad: [string, number, Uint8Array, string][] = [
      ["nope", 0, ten, "no more bytes"],
      ["link", 0, ten, "no more bytes"],
      ["../../evil", 0, ten, "no more bytes"],
      ["none", 0, ten, "no more bytes"],
      ["big", 0, ten, "byte 10 is the next one"],
      ["big", 20, ten, "byte 10 is the next one"],
      ["big", 10, new Uint8Array(5 << 20), "do not fit"],
      ["big", 10, new Uint8Array(0), "do not fit"],
      ["shut/only read", 0, new TextEncoder().encode("SHUT"), "hash"],
    ];
    for (const [path, offset, bytes, why] of bad) {
      const error = failure(() => filling.write(path, offset, bytes));
      assert.match(error.message, why);
      assert.match(error.message, path);
    }
    assert.match(failure(() => filling.finish()).message, "are missing");
    filling.abandon();
    assert.equal(ls(dir), ["copy", "source", "state"]);
    assert.equal(ls(`${dir}/copy`), []);
    lock.release();
  }),
);

test(
  "what somebody else did to the half-built tree is found at the end",
  scratch((dir) => {
    const image = imageOf(dir);
    const lock = lockDirectory(`${dir}/copy`, "make");
    const changes: [string, string][] = [
      ["rm link", "differs"],
      ["touch extra", "differs"],
      ["chmod 777 big", "differs"],
      ["printf x >> big", "differs"],
      ["rm -r sub.d", "tree/sub.d: it does not exist"],
    ];
    for (const [change, why] of changes) {
      const filling = new Filling(lock, image.manifest, "r1");
      feed(filling, image);
      sh(`cd '${dir}/copy.joining-r1/tree'; ${change}`);
      assert.match(failure(() => filling.finish()).message, why);
      filling.abandon();
      assert.equal(ls(`${dir}/copy`), []);
    }
    lock.release();
  }),
);

test(
  "a directory that got a file meanwhile is not replaced, and nothing is lost",
  scratch((dir) => {
    const image = imageOf(dir);
    const lock = lockDirectory(`${dir}/copy`, "make");
    const filling = new Filling(lock, image.manifest, "r1");
    feed(filling, image);
    Deno.writeTextFileSync(`${dir}/copy/mine`, "kept");
    const error = failure(() => filling.finish());
    assert.match(error.message, `${dir}/copy: the directory is not empty`);
    filling.abandon();
    assert.equal(ls(`${dir}/copy`), ["mine"]);
    assert.equal(ls(dir), ["copy", "source", "state"]);
    assert.match(
      failure(() => lockDirectory(`${dir}/copy`, "refuse")).message,
      "another process",
    );
    lock.release();
  }),
);

test(
  "left-overs of a filling go at the next lock; directories that only look like one stay",
  scratch((dir) => {
    const image = imageOf(dir);
    const lock = lockDirectory(`${dir}/copy`, "make");
    feed(new Filling(lock, image.manifest, "r1"), image, 1000, 5);
    lock.release();
    Deno.mkdirSync(`${dir}/copy.joining-2024/photos`, { recursive: true });
    assert.ok(ls(dir).includes("copy.joining-r1"));
    fill(`${dir}/copy`, image, "r2").release();
    assert.is(manifest(`${dir}/copy`).digest, image.manifest.digest);
    assert.equal(ls(dir), ["copy", "copy.joining-2024", "source", "state"]);
  }),
);

test(
  "a mount point is filled in place, and empty until the tree is whole",
  scratch((dir) => {
    const image = imageOf(dir);
    mounted(`${dir}/a mount`, "20m", () => {
      const lock = lockDirectory(`${dir}/a mount`, "refuse");
      const before = lock.identity;
      const filling = new Filling(lock, image.manifest, "r1");
      feed(filling, image);
      assert.equal(ls(`${dir}/a mount`), [".replrt-joining-r1"]);
      filling.finish();
      assert.is(manifest(`${dir}/a mount`).digest, image.manifest.digest);
      assert.is(lock.identity, before);
      lock.release();
    });
  }),
);

test(
  "a directory whose parent cannot be written is filled in place",
  scratch((dir) => {
    const image = imageOf(dir);
    sh(
      `mkdir -p '${dir}/p/copy'; chmod 777 '${dir}/p/copy'; chmod 555 '${dir}/p'; chmod -R a+rX '${dir}/state'; chmod a+r '${image.path}/shut/only read'`,
    );
    withoutRoot(() => {
      const lock = lockDirectory(`${dir}/p/copy`, "refuse");
      const filling = new Filling(lock, image.manifest, "r1");
      feed(filling, image);
      filling.finish();
      lock.release();
    });
    assert.is(manifest(`${dir}/p/copy`).digest, image.manifest.digest);
  }),
);

test(
  "a placing that was interrupted is ended by the next lock",
  scratch((dir) => {
    const image = imageOf(dir);
    const copy = `${dir}/copy`;
    fill(copy, image).release();
    const left = `${copy}/.replrt-joining-r1`;
    sh(
      `mkdir -p '${left}/tree'; touch '${left}/replrt-placing'; cd '${copy}'; chmod 755 shut; mv big shut link '${left}/tree'; chmod 555 '${left}/tree/shut'`,
    );
    lockDirectory(copy, "refuse").release();
    assert.is(manifest(copy).digest, image.manifest.digest);

    sh(
      `mkdir -p '${left}/tree'; touch '${left}/replrt-placing'; cp '${copy}/big' '${left}/tree/big'`,
    );
    const error = failure(() => lockDirectory(copy, "refuse"));
    assert.match(error.message, "big has appeared in it");
    assert.ok(ls(left).includes("tree"));
  }),
);

test(
  "setting aside moves the content, counts up, and leaves an empty locked directory",
  scratch((dir) => {
    const data = `${dir}/data`;
    Deno.mkdirSync(data);
    Deno.chmodSync(data, 0o750);
    Deno.mkdirSync(`${dir}/data.before-r1`);
    Deno.writeTextFileSync(`${dir}/data.before-r1.2`, "taken");
    Deno.writeTextFileSync(`${data}/a`, "kept");
    Deno.symlinkSync("data", `${dir}/link`);
    const lock = lockDirectory(`${dir}/link`, "refuse");
    const aside = setAside(lock, "r1");
    assert.is(aside, `${Deno.realPathSync(dir)}/data.before-r1.3`);
    assert.is(Deno.readTextFileSync(`${aside}/a`), "kept");
    assert.equal(ls(data), []);
    assert.is(manifest(data).mode, 0o750);
    assert.match(
      failure(() => lockDirectory(data, "refuse")).message,
      "another process",
    );
    lockDirectory(aside, "refuse").release();
    lock.release();
  }),
);

test(
  "a directory that cannot be set aside stays as it is, and the error says what to do",
  scratch((dir) => {
    mounted(`${dir}/mount`, "1m", () => {
      Deno.writeTextFileSync(`${dir}/mount/a`, "kept");
      const lock = lockDirectory(`${dir}/mount`, "refuse");
      const error = failure(() => setAside(lock, "r1"));
      assert.match(error.message, "it is in use or a mount point");
      assert.match(error.next ?? "", "by hand");
      assert.equal(ls(`${dir}/mount`), ["a"]);
      lock.release();
    });
    sh(
      `mkdir -p '${dir}/p/data'; touch '${dir}/p/data/a'; chmod 777 '${dir}/p/data'; chmod 555 '${dir}/p'`,
    );
    withoutRoot(() => {
      const lock = lockDirectory(`${dir}/p/data`, "refuse");
      const error = failure(() => setAside(lock, "r1"));
      assert.match(error.message, "permission denied");
      assert.match(error.next ?? "", `write permission on ${dir}/p`);
      assert.equal(ls(`${dir}/p/data`), ["a"]);
      lock.release();
    });
  }),
);

test.run();
