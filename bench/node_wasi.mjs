// A child of the bench: node:wasi, in Node or in Deno. Speaks as own.ts does.
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { WASI } from "node:wasi";

const { module, dir } = JSON.parse(process.argv[2]);
const wasi = new WASI({ version: "preview1", preopens: { "/": dir } });
const { exports } = new WebAssembly.Instance(
  new WebAssembly.Module(readFileSync(module)),
  wasi.getImportObject(),
);
const { memory } = exports;
wasi.initialize({ exports: { memory, _initialize() {} } });

/** Opens a file of the guest's directory; its descriptor. */
function open(file) {
  const at = memory.buffer.byteLength - 64;
  const path = new TextEncoder().encode(file);
  new Uint8Array(memory.buffer).set(path, at);
  const [oflags, rights] = file === "write" ? [9, 0x40n] : [0, 6n];
  const errno = wasi.wasiImport.path_open(
    ...[3, 0, at, path.length, oflags, rights, 0n, 0, at + 32],
  );
  if (errno !== 0) throw new Error(`open gives ${errno}`);
  return new DataView(memory.buffer).getUint32(at + 32, true);
}

for await (const line of createInterface({ input: process.stdin })) {
  const [name, file, calls] = line.split(" ");
  const args = file === "none" ? [] : [open(file)];
  const start = performance.now();
  const failed = exports[name](...args, Number(calls));
  const ns = (performance.now() - start) * 1e6 / Number(calls);
  if (file !== "none") wasi.wasiImport.fd_close(args[0]);
  if (failed > 0) throw new Error(`${failed} calls of ${name} failed`);
  console.log(ns);
}
