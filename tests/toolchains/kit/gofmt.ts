/** gofmt, built by TinyGo, as a WASI command: formats stdin to stdout. @module */
import { body, op, type Piece } from "./assembler.ts";
import { commandOf } from "./command.ts";

/** Bytes of the text's place, and bytes that one read asks for. */
const ROOM = 65_536, CHUNK = 8;
const NEWLINE = 0x0a;
const BLANK = 0x0a0a0a0a0a0a0a0an;

/** Locals of the entry. */
const TEXT = 0, SIZE = 1, MORE = 2, VECTOR = 3, RESULT = 4;
const LOCALS = 5;

/** gofmt as a command; it exits with 1, and with 2 and a message on stdout when the text is no Go. */
export function gofmtCommand(): Uint8Array<ArrayBuffer> {
  const module = new URL("gofmt.wasm", import.meta.resolve("@wasm-fmt/gofmt"));
  return commandOf(Deno.readFileSync(module), {
    imports: [
      ["fd_read", 4, true],
      ["fd_write", 4, true],
      ["proc_exit", 1, false],
    ],
    code: entry,
  });
}

/** Reads stdin into a place full of newlines, which are no part of a text's meaning, and writes what was made of it. */
function entry(named: (name: string) => number): Piece {
  const { get, set, call, i32, load, store, store64, add } = op;
  /** Calls with one vector, of this address and size; how much was done is left after it. */
  const io = (name: string, fd: number, at: Piece, size: Piece): Piece => [
    ...[get(VECTOR), at, store, get(VECTOR), i32(4), add, size, store],
    ...[i32(fd), get(VECTOR), i32(1), get(VECTOR), i32(8), add],
    ...[call(named(name)), op.drop],
  ];
  return body(LOCALS, [
    call(named("_initialize")),
    ...[i32(ROOM), call(named("alloc")), set(TEXT)],
    ...[get(TEXT), i32(NEWLINE), i32(ROOM), op.fill],
    ...[get(TEXT), i32(ROOM - 16), add, set(VECTOR)],
    op.loop,
    io("fd_read", 0, [get(TEXT), get(SIZE), add], i32(CHUNK)),
    ...[get(VECTOR), i32(8), add, load, set(MORE)],
    ...[get(SIZE), get(MORE), add, set(SIZE), get(MORE), op.again, op.end],
    ...[get(VECTOR), op.i64(BLANK), store64(0)],
    ...[get(VECTOR), op.i64(BLANK), store64(8)],
    ...[call(named("format")), set(RESULT)],
    io("fd_write", 1, call(named("output_ptr")), call(named("output_len"))),
    ...[get(RESULT), call(named("proc_exit"))],
  ]);
}
