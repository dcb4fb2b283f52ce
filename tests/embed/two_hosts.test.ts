/** The unit files of the example for two hosts. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { formatAddress } from "../../src/runtime/options.ts";
import { parse } from "../cli/fixture.ts";
import { removeDirs, tempDir } from "../kit/place.ts";

const ROOT = join(import.meta.dirname as string, "../..");
const EXAMPLE = join(ROOT, "examples/two-hosts");
/** Where the README says the checkout is. */
const INSTALLED = "/opt/replrt";
const UNITS = ["kv-a.service", "kv-b.service"];

test.after(removeDirs);

/** The settings of a unit file, continued lines joined; a name may have several values. */
function settingsOf(unit: string): Map<string, string[]> {
  const text = Deno.readTextFileSync(join(EXAMPLE, unit));
  const lines = text.replace(/\\\n\s*/g, "").split("\n")
    .filter((line) => /^\w+=/.test(line));
  const settings = new Map<string, string[]>();
  for (const line of lines) {
    const at = line.indexOf("=");
    const name = line.slice(0, at);
    settings.set(name, [...settings.get(name) ?? [], line.slice(at + 1)]);
  }
  return settings;
}

/** The options of a unit's node, as replrt itself reads its ExecStart. */
function optionsOf(unit: string) {
  const [line, ...more] = settingsOf(unit).get("ExecStart") ?? [];
  assert.equal(more, []);
  const [program, command, ...words] = (line as string).split(/\s+/);
  assert.equal([program, command], [`${INSTALLED}/replrt`, "run"]);
  return parse(...words);
}

for (const unit of UNITS) {
  test(`replrt takes what ${unit} starts it with`, async () => {
    const { module, role, peer, overwrite, dirs } = await optionsOf(unit);
    const built = module.replace(INSTALLED, ROOT);
    assert.ok(Deno.statSync(built).isFile);
    assert.is(role, "primary");
    assert.ok(peer !== undefined, "a restart would begin a run of its own");
    assert.ok(overwrite && dirs.length > 0, "a restart could not join");
  });

  test(`${unit} restarts its node, and keeps what replrt needs`, () => {
    const settings = settingsOf(unit);
    const has = (name: string) => settings.get(name)?.at(-1);
    assert.is(has("Restart"), "always");
    assert.is(has("StartLimitIntervalSec"), "0");
    assert.is(has("NoNewPrivileges"), "yes");
    assert.match(has("SystemCallFilter") ?? "", /@system-service @pkey/);
    for (const name of ["MemoryDenyWriteExecute", "ProcSubset"]) {
      assert.not(settings.has(name), `${name}= keeps a node from running`);
    }
  });
}

test("the two hosts name each other, and differ in nothing else that counts", async () => {
  const [a, b] = await Promise.all(UNITS.map(optionsOf));
  assert.is(formatAddress(a!.peer!), formatAddress(b!.bind));
  assert.is(formatAddress(b!.peer!), formatAddress(a!.bind));
  const own = { bind: 0, peer: 0, tcpListen: 0 };
  assert.equal({ ...a, ...own }, { ...b, ...own });
});

test("systemd finds nothing wrong with the units, where it is there to ask", async () => {
  const dir = tempDir();
  const paths = UNITS.map((unit) => {
    const text = Deno.readTextFileSync(join(EXAMPLE, unit));
    Deno.writeTextFileSync(
      join(dir, unit),
      text.replaceAll(INSTALLED, ROOT),
    );
    return join(dir, unit);
  });
  try {
    const { code, stderr } = await new Deno.Command("systemd-analyze", {
      args: ["verify", ...paths],
      stdin: "null",
    }).output();
    const text = new TextDecoder().decode(stderr);
    assert.is(code, 0, text);
    assert.not.match(text, dir);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log("systemd-analyze is not there, its part is left out");
  }
});

test.run();
