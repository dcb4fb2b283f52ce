/**
 * Becomes another program, for which one system call fails: `deno run -A without_call.ts NUMBER ERRNO PROGRAM ARGS…`.
 *
 * A seccomp filter (seccomp(2)) stands in for an old kernel or a strict container; it stays through execv(3).
 *
 * @module
 */
const [number = "", errno = "", program = "", ...args] = Deno.args;

const { prctl, execv } = Deno.dlopen("libc.so.6", {
  prctl: { parameters: ["i32", "u64", "buffer", "u64", "u64"], result: "i32" },
  execv: { parameters: ["buffer", "buffer"], result: "i32" },
}).symbols;

const PR_SET_NO_NEW_PRIVS = 38, PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2n;
const RET_ERRNO = 0x5_0000, RET_ALLOW = 0x7fff_0000;
/** BPF: load the word at k; go on if it is k, else past one; end with k. */
const LOAD = 0x20, IF_EQUAL = 0x15, RETURN = 0x06;
/** Offset of the call's number in `struct seccomp_data`. */
const NR = 0;

const FILTER: readonly [code: number, jf: number, k: number][] = [
  [LOAD, 0, NR],
  [IF_EQUAL, 1, Number(number)],
  [RETURN, 0, RET_ERRNO | Number(errno)],
  [RETURN, 0, RET_ALLOW],
];

function addressOf(bytes: Uint8Array<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
}

/** `struct sock_fprog` of {@linkcode FILTER}, and what it points to. */
function filterProgram(): [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>] {
  const filter = new DataView(new ArrayBuffer(8 * FILTER.length));
  for (const [i, [code, jf, k]] of FILTER.entries()) {
    filter.setUint16(8 * i, code, true);
    filter.setUint8(8 * i + 3, jf);
    filter.setUint32(8 * i + 4, k, true);
  }
  const instructions = new Uint8Array(filter.buffer);
  const words = new BigUint64Array([
    BigInt(FILTER.length),
    addressOf(instructions),
  ]);
  return [new Uint8Array(words.buffer), instructions];
}

const strings = [program, ...args].map((text) =>
  new TextEncoder().encode(`${text}\0`)
);
const argv = new BigUint64Array([...strings.map(addressOf), 0n]);
const [fprog, kept] = filterProgram();
const done = prctl(PR_SET_NO_NEW_PRIVS, 1n, null, 0n, 0n) === 0 &&
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, fprog, 0n, 0n) === 0;
if (done) execv(strings[0]!, new Uint8Array(argv.buffer));
throw new Error(
  `cannot become ${program} with a filter of ${kept.length} bytes`,
);
