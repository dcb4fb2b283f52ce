import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  Divergence,
  LoggedEnd,
} from "../../src/runtime/guest/ring_messages.ts";
import { GuestExit, StorageFault } from "../../src/wasi-intercept/kernel.ts";
import { codeOf } from "../failover/kit/cluster.ts";
import { killNodes, startNode } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { wat } from "./threads_kit.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

const CATCHING = new WebAssembly.Module(wat(`(module
  (import "host" "call" (func $call))
  (func (export "run") (result i32)
    (try (result i32)
      (do (call $call) (i32.const 0))
      (catch_all (i32.const 1)))))`));

/** Runs a guest that catches all that its import throws; 1 when it has. */
function run(call: () => void): unknown {
  const { exports } = new WebAssembly.Instance(CATCHING, { host: { call } });
  return (exports.run as () => unknown)();
}

test("a guest catches what JavaScript throws, but not what ends its process", () => {
  const end = { kind: "exit", code: 3 } as const;
  assert.is(
    run(() => {
      throw new Error("any");
    }),
    1,
  );
  for (
    const error of [
      new GuestExit(3),
      new StorageFault("its disk is full"),
      new Divergence(7, "fd_read", "fd_write"),
      new LoggedEnd(end),
    ]
  ) {
    assert.throws(
      () =>
        run(() => {
          throw error;
        }),
      (thrown: unknown) => thrown === error,
    );
  }
});

test("what ends a process is of its class, and says what it was made with", () => {
  const exit = new GuestExit(3);
  assert.instance(exit, GuestExit);
  assert.instance(exit, Error);
  assert.not.instance(exit, WebAssembly.RuntimeError);
  assert.is(exit.code, 3);
  const fault = new StorageFault("its disk is full");
  assert.is(fault.message, "its disk is full");
  assert.not.instance(fault, GuestExit);
  const divergence = new Divergence(7, "fd_read", "fd_write");
  assert.equal([divergence.seq, divergence.recorded], [7, "fd_read"]);
});

const EXITING = wat(`(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (try (do (call $exit (i32.const 3))) (catch_all))
    (call $exit (i32.const 4))))`);

test("a program that exits where it catches everything has ended", async () => {
  const path = `${tempDir()}/exiting.wasm`;
  Deno.writeFileSync(path, EXITING);
  assert.is(await codeOf(startNode(["run", path])), 3);
  const primary = ["--role", "primary", "--bind", "127.0.0.1:0"];
  assert.is(await codeOf(startNode(["run", ...primary, path])), 3);
});

test.run();
