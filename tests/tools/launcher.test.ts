import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { CHECKOUT, plant, uproot } from "./tree.ts";

/** A program that tells how it was started, then does what it was asked. */
const MAIN = `
if (Deno.args[0] === "wait") {
  console.log(Deno.pid);
  setInterval(() => {}, 1_000);
} else if (Deno.args.includes("flags")) {
  console.log(Deno.readTextFileSync("/proc/self/cmdline"));
} else {
  console.log(JSON.stringify({ args: Deno.args, cwd: Deno.cwd() }));
  Deno.exit(Number(Deno.args[0] ?? 0));
}
`;
const FAKE_NPX = `#!/bin/sh
echo "$@" > "$0.called"
shift 2
exec ${Deno.execPath()} "$@"
`;

/** A tree with the launcher and a program that shows how it was started. */
function checkout(): string {
  const root = plant({
    "deno.json": "{}",
    "src/cli/main.ts": MAIN,
    "path/none/README": "",
    "path/old/deno": "#!/bin/sh\necho 2.8.3 /nowhere/deno\n",
    "path/npx/npx": FAKE_NPX,
  });
  Deno.copyFileSync(join(CHECKOUT, "replrt"), join(root, "replrt"));
  for (const file of ["replrt", "path/old/deno", "path/npx/npx"]) {
    Deno.chmodSync(join(root, file), 0o755);
  }
  Deno.mkdirSync(join(root, "path/deno"));
  Deno.symlinkSync(Deno.execPath(), join(root, "path/deno/deno"));
  return root;
}

/** Prepares a launch with the programs of some folders of path/ in reach. */
function launch(
  root: string,
  folders: readonly string[],
  args: readonly string[],
  options: { deno?: string; launcher?: string } = {},
): Deno.Command {
  const path = folders.map((folder) => join(root, "path", folder));
  return new Deno.Command(options.launcher ?? join(root, "replrt"), {
    args: [...args],
    cwd: "/",
    env: {
      PATH: [...path, "/usr/bin:/bin"].join(":"),
      REPLRT_DENO: options.deno ?? "",
      NO_COLOR: "1",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function output(command: Deno.Command) {
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout).trimEnd(),
    stderr: decoder.decode(stderr),
  };
}

test.after(uproot);

test("arguments, working directory and exit code pass", async () => {
  const root = checkout();
  const args = ["7", "a b", "", "--", "-x", "*"];
  assert.equal(await output(launch(root, ["deno"], args)), {
    code: 7,
    stdout: JSON.stringify({ args, cwd: "/" }),
    stderr: "",
  });
});

test("the launcher finds its checkout through symbolic links", async () => {
  const root = checkout();
  Deno.mkdirSync(join(root, "bin dir"));
  Deno.symlinkSync("../replrt", join(root, "bin dir/first"));
  Deno.symlinkSync(join(root, "bin dir/first"), join(root, "second"));
  const launcher = join(root, "second");
  const { code, stderr } = await output(
    launch(root, ["deno"], [], { launcher }),
  );
  assert.is(code, 0, stderr);
});

test("signals reach the program, which replaces the launcher", async () => {
  const root = checkout();
  for (const folder of ["deno", "npx"]) {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const child = launch(root, [folder], ["wait"]).spawn();
      const reader = child.stdout.getReader();
      const { value } = await reader.read();
      assert.is(Number(new TextDecoder().decode(value)), child.pid);
      child.kill(signal);
      assert.is((await child.status).signal, signal);
      await reader.cancel();
      await child.stderr.cancel();
    }
  }
});

test("a deno that is too old, or none, falls back to npx", async () => {
  for (const folders of [["old", "npx"], ["npx"]]) {
    const root = checkout();
    const { code, stderr } = await output(launch(root, folders, ["3"]));
    assert.is(code, 3, stderr);
    const called = Deno.readTextFileSync(join(root, "path/npx/npx.called"));
    assert.match(called, /^-y deno@2\.9\.\d+ eval /);
  }
});

test("npx is not asked when deno is there", async () => {
  const root = checkout();
  await output(launch(root, ["deno", "npx"], []));
  const { code, stderr } = await output(
    launch(root, ["npx"], ["4"], { deno: Deno.execPath() }),
  );
  assert.is(code, 4, stderr);
  assert.throws(
    () => Deno.statSync(join(root, "path/npx/npx.called")),
    (error: unknown) => error instanceof Deno.errors.NotFound,
  );
});

test("without deno and npx the launcher says what to install", async () => {
  const root = checkout();
  Deno.writeTextFileSync(join(root, "path/old/npx"), "#!/bin/sh\nexit 1\n");
  Deno.chmodSync(join(root, "path/old/npx"), 0o755);
  const { code, stderr } = await output(launch(root, ["old"], []));
  assert.is(code, 125);
  assert.match(stderr, /^replrt: cannot start: .* install it/);
});

/** What V8 gives a thread's stack by itself, in KiB. */
const V8_STACK = 984;

test("the program of a backup and of a replay gets at least twice the stack of a primary's", async () => {
  const root = checkout();
  const stackOf = async (...args: string[]) => {
    const { stdout } = await launch(root, ["deno"], [...args, "flags"])
      .output();
    const command = new TextDecoder().decode(stdout);
    const [, size = V8_STACK] = /--stack-size=(\d+)/.exec(command) ?? [];
    return Number(size);
  };
  assert.is(await stackOf("run", "--role", "primary"), V8_STACK);
  assert.is(await stackOf("record"), V8_STACK);
  assert.ok(await stackOf("run", "--role", "backup") >= 2 * V8_STACK);
  assert.ok(await stackOf("run", "--role=backup") >= 2 * V8_STACK);
  assert.ok(await stackOf("run", "--peer", "127.0.0.1:7401") >= 2 * V8_STACK);
  assert.ok(await stackOf("replay", "app.rlog") >= 2 * V8_STACK);
  assert.ok(await stackOf("resume", "state") >= 2 * V8_STACK);
});

test.run();
