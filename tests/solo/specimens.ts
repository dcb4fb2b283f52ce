/** What each small guest does, one row each; a guest that prints something else each time has a pattern. @module */

/** A run of a guest and all that is to be seen of it. */
export interface Specimen {
  readonly guest: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Guest names of directories, each empty at the start. */
  readonly dirs?: readonly string[];
  readonly stdout: string | RegExp;
  /** A pattern for stderr; nothing is there without it. */
  readonly stderr?: RegExp;
  readonly code?: number;
}

/** Lines of text that no pipe takes in one piece. */
const LONG = Array.from({ length: 20_000 }, (_, i) => `input ${i}\n`).join("");

/** What flood prints. */
function flooded(bytes: number): string {
  const blocks: string[] = [];
  for (let left = bytes; left > 0; left -= 4096) {
    const letter = String.fromCharCode(97 + blocks.length % 26);
    blocks.push(letter.repeat(Math.min(left, 4096) - 1) + "\n");
  }
  return blocks.join("");
}

/** All specimens. Those with a fixed stdout are also held against another WASI. */
export const SPECIMENS: readonly Specimen[] = [
  { guest: "hello", stdout: "hello, world\n" },
  {
    guest: "args",
    args: ["7", "two words", "ü"],
    env: { MODE: "test", EMPTY: "" },
    stdout:
      /^arg 0 .*args\.wasm\narg 1 7\narg 2 two words\narg 3 ü\nenv MODE=test\nenv EMPTY=\n$/,
    code: 7,
  },
  {
    guest: "args",
    args: ["255"],
    stdout: /^arg 0 .*\narg 1 255\n$/,
    code: 255,
  },
  {
    guest: "clock",
    args: ["1000"],
    stdout: /^(monotonic \d+ realtime \d{19}\n){1000}$/,
  },
  { guest: "random", args: ["3"], stdout: /^(?:([0-9a-f]{32})\n(?!\1)){3}$/ },
  { guest: "cat", stdin: "", stdout: "" },
  { guest: "cat", stdin: "no line end", stdout: "no line end" },
  { guest: "cat", stdin: LONG, stdout: LONG },
  { guest: "count", args: ["3"], stdout: "line 1\nline 2\nline 3\n" },
  { guest: "count", args: ["3", "20"], stdout: "line 1\nline 2\nline 3\n" },
  { guest: "flood", args: ["1048577"], stdout: flooded(1_048_577) },
  { guest: "flood", args: ["8192", "err"], stdout: "", stderr: /^a+\nb+\n$/ },
  {
    guest: "spin",
    args: ["2"],
    stdout: "checksum 85066e4263129a3d after 2 million\n",
  },
  {
    guest: "files",
    dirs: ["/data"],
    stdout: /^enter 0 [0-9a-f]{8}\n(\w+ \d+ [0-9a-f]{8}\n)+rmdir 0 .*\n$/,
  },
  { guest: "files", args: ["/d", "50"], dirs: ["/d"], stdout: /rmdir 0 .*\n$/ },
  {
    guest: "files",
    stdout: "",
    stderr: /^files: cannot enter: /,
    code: 1,
  },
  {
    guest: "trap",
    stdout: "going down\n",
    stderr:
      /^error: the program trapped: unreachable\n +0: inner \(0x\w+\)\n +1: middle .*\n +2: outer .*\n/,
    code: 134,
  },
  {
    guest: "calls",
    args: ["writes", "100", "/data/f"],
    dirs: ["/data"],
    stdout: "",
    stderr: /^writes: 100 calls, 0 failed, /,
  },
  {
    guest: "calls",
    args: ["polls", "100"],
    stdout: "",
    stderr: /^polls: 100 calls, 0 failed, /,
  },
  {
    guest: "families",
    args: ["none"],
    stdout: "",
    stderr: /^families: cannot start: its first argument is no family\n$/,
    code: 1,
  },
  {
    guest: "families",
    args: ["io"],
    stdout: "",
    stderr: /^families: cannot find a directory: badf\n$/,
    code: 1,
  },
  {
    guest: "echo",
    stdout: "",
    stderr: /^echo: cannot serve: /,
    code: 1,
  },
];
