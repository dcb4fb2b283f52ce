import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkManifest, checkRun } from "../../src/runtime/mirror/check.ts";
import { compareDirectory } from "../../src/runtime/mirror/compare.ts";
import { openImage, takeImage } from "../../src/runtime/mirror/image.ts";
import { makeManifest } from "../../src/runtime/mirror/manifest.ts";
import { drain } from "../kit/steps.ts";
import type {
  Entry,
  FileEntry,
  Manifest,
} from "../../src/runtime/mirror/types.ts";
import {
  failure,
  fill,
  imageOf,
  ls,
  makeTree,
  manifest,
  pattern,
  scratch,
  sh,
  withoutRoot,
} from "./mirror_kit.ts";

function compare(dir: string, wanted: Manifest) {
  return drain(compareDirectory(dir, wanted));
}

test(
  "a tree comes back equal: modes, links, empty directories, 5 MiB, any UTF-8 name",
  scratch((dir) => {
    const image = imageOf(dir);
    const source = manifest(`${dir}/source`);
    assert.equal(image.manifest, source);
    assert.equal(manifest(image.path), source);
    fill(`${dir}/copy`, image).release();
    assert.equal(manifest(`${dir}/copy`), source);
    assert.is(sh(`diff -r --no-dereference '${dir}/source' '${dir}/copy'`), "");
    const list = "find . -printf '%P %y %m %l\\n' | sort";
    assert.is(
      sh(`cd '${dir}/copy'; ${list}`),
      sh(`cd '${dir}/source'; ${list}`),
    );
    assert.equal(ls(dir), ["copy", "source", "state"]);
  }),
);

test(
  "the same holds for a user who is not root",
  scratch((dir) => {
    withoutRoot(() => {
      const image = imageOf(dir);
      fill(`${dir}/copy`, image).release();
      assert.equal(manifest(`${dir}/copy`), manifest(`${dir}/source`));
    });
  }),
);

test(
  "entries stand in the order of their bytes, a directory before what it holds",
  scratch((dir) => {
    for (const name of ["a", "é", "\u{ffff}", "😀"]) {
      Deno.mkdirSync(`${dir}/${name}`);
    }
    Deno.writeTextFileSync(`${dir}/a/x`, "");
    Deno.writeTextFileSync(`${dir}/a.b`, "");
    assert.equal(
      manifest(dir).entries.map((entry) => entry.path),
      ["a", "a/x", "a.b", "é", "\u{ffff}", "😀"],
    );
  }),
);

test("the digest is the sha256 of the documented bytes", () => {
  const entries: Entry[] = [
    { type: "directory", path: "d", mode: 0o755 },
    { type: "symlink", path: "d/l", target: "t" },
  ];
  const bytes = "02 00 ed 01 01 00 00 00 00 00 00 00 00 00 00 00 64" +
    "03 00 00 00 03 00 00 00 01 00 00 00 00 00 00 00 64 2f 6c 74";
  const sum = sh(`echo '${bytes}' | xxd -r -p | sha256sum`).slice(0, 64);
  assert.is(makeManifest(0, entries).digest, sum);
});

test(
  "times, owners and the directory's own mode do not count; everything else changes the digest",
  scratch((dir) => {
    const tree = `${dir}/tree`;
    Deno.mkdirSync(tree);
    makeTree(tree);
    const { digest } = manifest(tree);
    sh(`touch -d 2001-01-01 '${tree}/big' '${tree}'; chmod 711 '${tree}'`);
    assert.is(manifest(tree).digest, digest);
    const changes = [
      "chmod 600 big",
      "printf x >> big",
      "mv big huge",
      "ln -sfn elsewhere link",
      "rmdir sub/empty",
      "rm sub/hard",
    ];
    const seen = new Set([digest]);
    for (const change of changes) {
      sh(`cd '${tree}'; ${change}`);
      seen.add(manifest(tree).digest);
    }
    assert.is(seen.size, changes.length + 1);
  }),
);

test(
  "an image is independent of its directory and can be opened again",
  scratch((dir) => {
    const image = imageOf(dir);
    Deno.writeTextFileSync(`${dir}/source/big`, "small");
    Deno.removeSync(`${dir}/source/link`);
    const again = drain(openImage(image.path));
    assert.equal(again.manifest, image.manifest);
    assert.equal(again.chunk("big", 5, 100), pattern(105).subarray(5));
    assert.is(again.chunk("big", (5 << 20) - 3, 100).length, 3);
  }),
);

test(
  "an image gives bytes of its files only, in bounded chunks",
  scratch((dir) => {
    const image = imageOf(dir);
    for (const path of ["nope", "link", "sub", "sub.d/etc/passwd", "../x"]) {
      const { message } = failure(() => image.chunk(path, 0, 10));
      assert.match(message, "the image has no such file");
    }
    const bad = [[-1, 1], [0.5, 1], [5 << 20, 1], [0, 0], [0, 1 << 21], [
      NaN,
      1,
    ]];
    for (const [offset, max] of bad as [number, number][]) {
      assert.match(
        failure(() => image.chunk("big", offset, max)).message,
        "are not in its",
      );
    }
  }),
);

test(
  "an existing image is never overwritten, a half-made one is replaced",
  scratch((dir) => {
    Deno.mkdirSync(`${dir}/state/images/1.making/x`, { recursive: true });
    const image = imageOf(dir);
    assert.equal(ls(`${dir}/state/images`), ["1"]);
    const error = failure(() => drain(takeImage(`${dir}/source`, image.path)));
    assert.match(error.message, "it exists already");
    assert.match(error.next ?? "", "--state-dir");
  }),
);

test(
  "a joiner's directory is equal, empty, or differs by so many entries and bytes",
  scratch((dir) => {
    const image = imageOf(dir);
    const wanted = image.manifest;
    const copy = `${dir}/copy`;
    assert.equal(compare(copy, wanted), { kind: "empty" });
    Deno.mkdirSync(copy);
    assert.equal(compare(copy, wanted), { kind: "empty" });
    assert.equal(compare(copy, makeManifest(0o755, [])), { kind: "equal" });
    fill(copy, image).release();
    assert.equal(compare(copy, wanted), { kind: "equal" });
    const differs = (change: string, count: number, bytes: number) => {
      sh(`cd '${copy}'; ${change}`);
      const found = compare(copy, wanted);
      assert.is(found.kind, "differs", change);
      if (found.kind !== "differs") return;
      assert.is(found.count, count, change);
      assert.is(found.bytes, bytes, change);
      return found.first;
    };
    assert.is(differs("printf more > zzz", 1, 4), "zzz");
    assert.is(differs("chmod 600 big", 2, 4), "big");
    differs("printf X | dd of=big conv=notrunc 2>&1", 2, 4 + (5 << 20));
    differs("rm link; mkdir link", 3, 4 + (5 << 20));
    differs("mkfifo pipe", 4, 4 + (5 << 20));
    differs("touch $'not\\xff'", 5, 4 + (5 << 20));
    differs("rm -r sub/empty", 6, 4 + (5 << 20));
  }),
);

test("a manifest from another node is checked before it is used", () => {
  const hash = "ab".repeat(32);
  const file = (path: string): FileEntry => ({
    type: "file",
    path,
    mode: 0o644,
    size: 1,
    hash,
  });
  const link: Entry = { type: "symlink", path: "l", target: "/etc" };
  const good = makeManifest(0o755, [
    { type: "directory", path: "d", mode: 0o755 },
    file("d/f"),
    link,
  ]);
  assert.equal(checkManifest(structuredClone(good)), good);
  const bad: [unknown, string][] = [
    [undefined, "malformed"],
    [{}, "no entries"],
    [{ ...good, digest: "00" }, "digest"],
    [{ ...good, bytes: 2 }, "digest"],
    [makeManifest(0, [file("b"), file("a")]), "out of order"],
    [makeManifest(0, [file("a"), file("a")]), "out of order"],
    [makeManifest(0, [file("d/f")]), "in no directory"],
    [makeManifest(0, [link, file("l/passwd")]), "in no directory"],
    [makeManifest(0, [{ ...file("a"), size: 0 }]), "malformed"],
    [makeManifest(0, [{ ...file("a"), mode: 0o10000 }]), "malformed"],
    [{ ...good, entries: [null] }, "malformed"],
    [{ ...good, entries: [{ ...file("a"), type: "socket" }] }, "malformed"],
    [{ ...good, entries: [{ ...link, target: "a\0b" }] }, "malformed"],
    [{ ...good, entries: [{ ...file("a"), hash: "AB" }] }, "malformed"],
  ];
  for (
    const path of ["", "/a", "a/", "a//b", "..", "../x", "./a", "a\0", "\ud800"]
  ) {
    bad.push([{ ...good, entries: [file(path)] }, "is no path"]);
  }
  for (const [value, why] of bad) {
    assert.match(failure(() => checkManifest(value)).message, why);
  }
});

test("a run id that would leave its directory is refused", () => {
  checkRun("0a-Z_9");
  for (const run of ["", "../x", "a/b", ".", "x".repeat(65)]) {
    assert.match(failure(() => checkRun(run)).message, "no run id");
  }
});

test.run();
