/** Rule 6: NaN bits are equal whatever V8 compiler made the code. */
import { test } from "uvu";
import * as assert from "uvu/assert";

/** Instructions that can give a NaN from numbers or NaNs: opcode, operands, and its type (0x7d f32, 0x7c f64). */
const BINARY = {
  f32: [0x92, 0x93, 0x94, 0x95, 0x96, 0x97],
  f64: [0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5],
};
const UNARY = {
  f32: [0x91, 0x8d, 0x8e, 0x8f, 0x90],
  f64: [0x9f, 0x9b, 0x9c, 0x9d, 0x9e],
};
const COPYSIGN = { f32: 0x98, f64: 0xa6 };
const PROMOTE = 0xbb, DEMOTE = 0xb6;

/** A program for a fresh process: builds the module, runs every operation on every pair of operands, prints the bits. */
const PROGRAM = `
const leb = (n) => n < 128 ? [n] : [n & 127 | 128, ...leb(n >> 7)];
const section = (id, bytes) => [id, ...leb(bytes.length), ...bytes];
const vector = (items) => [...leb(items.length), ...items.flat()];
const ops = ${JSON.stringify(ops())};
const types = vector(ops.map(([from, to, n]) => [0x60, ...vector(Array(n).fill([from])), 1, to === 0x7d ? 0x7f : 0x7e]));
const bits = (to) => to === 0x7d ? 0xbc : 0xbd;
const bodies = vector(ops.map(([, to, n, op]) => {
  const body = [0, ...Array.from({ length: n }, (_, i) => [0x20, i]).flat(), op, bits(to), 0x0b];
  return [...leb(body.length), ...body];
}));
const bytes = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...section(1, types),
  ...section(3, vector(ops.map((_, i) => [i]))),
  ...section(7, vector(ops.map((_, i) => [2, 111 + i / 64 | 0, 48 + i % 64, 0, ...leb(i)]))), ...section(10, bodies)]);
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
const calls = Object.values(exports);
const double = (bits) => new Float64Array(new BigUint64Array([bits]).buffer)[0];
const values = [0, -0, 1, -1, Infinity, -Infinity, NaN, double(0xfff8000000000001n), double(0x7ff4000000000001n)];
const results = ops.map(([, , n], i) => values.flatMap((a) => n === 1 ? [calls[i](a)] : values.map((b) => calls[i](a, b))));
for (let hot = 0; hot < 20000; hot++) calls.forEach((call) => call(NaN, -NaN));
const again = ops.map(([, , n], i) => values.flatMap((a) => n === 1 ? [calls[i](a)] : values.map((b) => calls[i](a, b))));
console.log([...results, ...again].map((row) => row.map((value) => value.toString(16)).join(" ")).join("\\n"));
`;

function ops(): number[][] {
  const both = (["f32", "f64"] as const).flatMap((type) => {
    const code = type === "f32" ? 0x7d : 0x7c;
    return [
      ...[...BINARY[type], COPYSIGN[type]].map((op) => [code, code, 2, op]),
      ...UNARY[type].map((op) => [code, code, 1, op]),
    ];
  });
  return [...both, [0x7d, 0x7c, 1, PROMOTE], [0x7c, 0x7d, 1, DEMOTE]];
}

async function bitsUnder(flags: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", `--v8-flags=${flags}`, PROGRAM],
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
  }).output();
  assert.is(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

test("NaN bits of 26 operations are equal under V8's baseline and optimising compilers, cold and hot", async () => {
  const baseline = await bitsUnder("--liftoff-only");
  assert.ok(
    baseline.split("\n").length > 50 && /7f[c-f]|ff[c-f]/.test(baseline),
  );
  assert.is(await bitsUnder("--no-liftoff"), baseline);
  assert.is(await bitsUnder("--liftoff"), baseline);
  const [cold, hot] = [
    baseline.slice(0, baseline.length / 2),
    baseline.slice(baseline.length / 2),
  ];
  assert.is(hot.trim(), cold.trim());
});

test.run();
