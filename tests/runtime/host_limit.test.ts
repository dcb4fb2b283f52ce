import { test } from "uvu";
import * as assert from "uvu/assert";
import { Errno } from "../../src/wasi-intercept/errno.ts";
import { tempDir } from "../kit/place.ts";

const LIMIT = 256;

/** Opens a file as a guest does until that fails, then as the node does. */
const SCRIPT = `
import { GuestHost } from "${
  import.meta.resolve("../../src/runtime/host/guest_host.ts")
}";
import { openDirectory } from "${
  import.meta.resolve("../../src/runtime/host/open_directory.ts")
}";
const [dir] = Deno.args;
const host = new GuestHost(0, undefined);
const root = openDirectory(dir);
const how = { oflags: 1, fdflags: 0, read: true, write: true, follow: false };
let last = 0, count = 0;
for (; last >= 0 && count < 10_000; count++) {
  last = host.open(root, new TextEncoder().encode("a"), how);
}
const own = Array.from({ length: 32 }, () => Deno.openSync(dir + "/a"));
console.log(-last, count, own.length);
`;

test("a guest that opens files without end leaves the node handles of its own", () => {
  const dir = tempDir();
  Deno.writeTextFileSync(`${dir}/open.ts`, SCRIPT);
  const { stdout, stderr } = new Deno.Command("sh", {
    args: [
      "-c",
      `ulimit -n ${LIMIT} && exec "$0" "$@"`,
      Deno.execPath(),
      ...["run", "--quiet", "-A", `${dir}/open.ts`, dir],
    ],
  }).outputSync();
  const [errno, count, own] = new TextDecoder().decode(stdout).trim()
    .split(" ").map(Number);
  assert.is(errno, Errno.mfile, new TextDecoder().decode(stderr));
  assert.ok(count! > 50 && count! < LIMIT);
  assert.is(own, 32);
});

test.run();
