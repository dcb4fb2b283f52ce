import { test } from "uvu";
import * as assert from "uvu/assert";
import { compareDirectory } from "../../src/runtime/mirror/compare.ts";
import { Filling } from "../../src/runtime/mirror/fill.ts";
import { takeImage } from "../../src/runtime/mirror/image.ts";
import { lockDirectory } from "../../src/runtime/mirror/lock.ts";
import { makeManifest, manifestOf } from "../../src/runtime/mirror/manifest.ts";
import { drain } from "../kit/steps.ts";
import type { Steps } from "../../src/runtime/mirror/types.ts";
import {
  failure,
  feed,
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

/** Runs `steps` until `bytes` have gone through, then `change`, then to the end. */
function interfere<T>(steps: Steps<T>, bytes: number, change: () => void): T {
  for (let done = 0; done < bytes;) done += steps.next().value as number;
  change();
  return drain(steps);
}

test(
  "what cannot be mirrored is named: pipes, sockets, names and targets that are not UTF-8",
  scratch((dir) => {
    const cases: [string, string, string][] = [
      ["mkfifo p", "rm p", "/p: it is a socket, a pipe or a device"],
      ["touch $'a\\xffb'", "rm $'a\\xffb'", "/a\ufffdb: its name is not UTF-8"],
      ["touch $'\\xed\\xa0\\x80'", "rm *", "its name is not UTF-8"],
      ["ln -s $'t\\xf0\\x9f\\x98' l", "rm l", "/l: the link's target is not"],
    ];
    Deno.mkdirSync(`${dir}/tree`);
    for (const [make, unmake, why] of cases) {
      sh(`cd '${dir}/tree'; ${make}`);
      const error = failure(() => manifest(`${dir}/tree`));
      assert.match(error.message, `cannot mirror ${dir}/tree/`);
      assert.match(error.message, why);
      assert.match(error.next ?? "", "start again");
      failure(() => drain(takeImage(`${dir}/tree`, `${dir}/image`)));
      sh(`cd '${dir}/tree'; ${unmake}`);
    }
    assert.equal(ls(dir), ["tree"]);
    assert.is(manifest(`${dir}/tree`).entries.length, 0);
  }),
);

test(
  "what may not be read is named, and the image is not left half made",
  scratch((dir) => {
    withoutRoot(() => {
      Deno.mkdirSync(`${dir}/tree`);
      makeTree(`${dir}/tree`);
    });
    for (const path of ["big", "sub"]) {
      Deno.chmodSync(`${dir}/tree/${path}`, 0o000);
      withoutRoot(() => {
        const runs = [
          manifestOf(`${dir}/tree`),
          takeImage(`${dir}/tree`, `${dir}/image`),
        ];
        for (const steps of runs as Steps<unknown>[]) {
          const error = failure(() => drain(steps));
          assert.match(error.message, `${dir}/tree/${path}: permission denied`);
        }
      });
      Deno.chmodSync(`${dir}/tree/${path}`, 0o755);
    }
    assert.equal(ls(dir), ["tree"]);
  }),
);

test(
  "a file that vanishes or changes while it is read is named, and nothing is left",
  scratch((dir) => {
    const tree = `${dir}/tree`;
    const changes: [() => void, string][] = [
      [() => Deno.removeSync(`${tree}/big`), "/big: it does not exist"],
      [() => Deno.truncateSync(`${tree}/big`, 100), "/big: it changed"],
      [
        () => Deno.writeFileSync(`${tree}/big`, pattern(9), { append: true }),
        "/big: it changed",
      ],
      [() => Deno.removeSync(`${tree}/none`), "/none: it changed"],
    ];
    for (const [change, why] of changes) {
      for (const make of [manifestOf, image]) {
        Deno.mkdirSync(tree);
        makeTree(tree);
        const error = failure(() => interfere(make(tree), 1, change));
        assert.match(error.message, why);
        sh(`chmod -R u+rwx '${tree}'; rm -r '${tree}'`);
      }
    }
    assert.equal(ls(dir), []);

    function* image(from: string): Steps<unknown> {
      return yield* takeImage(from, `${dir}/image`);
    }
  }),
);

test(
  "a full disk under an image: the error names file and reason, and the space comes back",
  scratch((dir) => {
    Deno.mkdirSync(`${dir}/tree`);
    makeTree(`${dir}/tree`);
    mounted(`${dir}/state`, "1m", () => {
      const error = failure(() =>
        drain(takeImage(`${dir}/tree`, `${dir}/state/images/1`))
      );
      assert.is(
        error.message,
        `cannot write ${dir}/state/images/1.making/big: no space left on the device`,
      );
      assert.match(error.next ?? "", "free space");
      assert.equal(ls(`${dir}/state/images`), []);
    });
    assert.is(manifest(`${dir}/tree`).bytes, 5242880 + 6 + 7 + 5 + 4);
  }),
);

test(
  "a full disk under a joiner: the directory stays empty and the space comes back",
  scratch((dir) => {
    const image = imageOf(dir);
    mounted(`${dir}/disk`, "1m", () => {
      for (const copy of [`${dir}/disk/copy`, `${dir}/disk`]) {
        const lock = lockDirectory(copy, "make");
        const filling = new Filling(lock, image.manifest, "r1");
        const error = failure(() => feed(filling, image));
        assert.match(error.message, "tree/big: no space left on the device");
        filling.abandon();
        assert.equal(ls(copy), []);
        lock.release();
        Deno.writeFileSync(`${dir}/disk/probe`, pattern(900 << 10));
        sh(`rm -r '${dir}'/disk/*`);
      }
    });
  }),
);

test(
  "a joiner's disk that is full of names is a failure of making, with nothing left",
  scratch((dir) => {
    const entries = Array.from({ length: 2000 }, (_, n) => ({
      type: "directory" as const,
      path: `d${String(n).padStart(4, "0")}`,
      mode: 0o755,
    }));
    mounted(`${dir}/disk`, "1m,nr_inodes=100", () => {
      const lock = lockDirectory(`${dir}/disk/copy`, "make");
      const error = failure(() =>
        new Filling(lock, makeManifest(0o755, entries), "r1")
      );
      assert.match(error.message, "no space left on the device");
      assert.equal(ls(`${dir}/disk`), ["copy"]);
      lock.release();
    });
  }),
);

test(
  "a name or a path that is too long on this node is a failure, with nothing left",
  scratch((dir) => {
    const lock = lockDirectory(`${dir}/copy`, "make");
    const name = "x".repeat(256);
    const deep = Array.from({ length: 30 }, (_, n) => ({
      type: "directory" as const,
      path: Array(n + 1).fill("y".repeat(200)).join("/"),
      mode: 0o755,
    }));
    const flat = [{ type: "directory" as const, path: name, mode: 0o755 }];
    for (const entries of [flat, deep]) {
      const error = failure(() =>
        new Filling(lock, makeManifest(0o755, entries), "r1")
      );
      assert.match(error.message, "the name is too long");
      assert.match(error.next ?? "", "shorter");
      assert.equal(ls(dir), ["copy"]);
    }
    lock.release();
  }),
);

test(
  "a comparison stops at what may not be read, and changes nothing",
  scratch((dir) => {
    const image = imageOf(dir);
    Deno.mkdirSync(`${dir}/copy/sub`, { recursive: true });
    Deno.chmodSync(`${dir}/copy/sub`, 0o000);
    withoutRoot(() => {
      const steps = compareDirectory(`${dir}/copy`, image.manifest);
      assert.match(
        failure(() => drain(steps)).message,
        "cannot list",
      );
    });
  }),
);

test(
  "an image that was damaged is found when it is read",
  scratch((dir) => {
    const image = imageOf(dir);
    Deno.truncateSync(`${image.path}/big`, 1000);
    const error = failure(() => image.chunk("big", 0, 2000));
    assert.match(error.message, "it changed while it was read");
    Deno.removeSync(`${image.path}/big`);
    assert.match(
      failure(() => image.chunk("big", 0, 2000)).message,
      "it does not exist",
    );
    Deno.symlinkSync("/etc/passwd", `${image.path}/big`);
    assert.match(
      failure(() => image.chunk("big", 0, 20)).message,
      "it is a symbolic link",
    );
  }),
);

test.run();
