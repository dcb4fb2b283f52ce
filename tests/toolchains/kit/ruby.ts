/** The Ruby interpreter as a WASI command: `ruby SCRIPT ARGUMENTS`. @module */
import { body, flat, op, type Piece } from "./assembler.ts";
import { commandOf } from "./command.ts";

const PACKAGE = "@ruby/3.4-wasm-wasi/dist/ruby+stdlib.wasm";

/** Runs the script that the interpreter was started with; its exit code is that of the process. */
const MAIN = `code = 0
begin
  load $0
rescue SystemExit => error
  code = error.status
rescue Exception => error
  warn error.full_message(highlight: false)
  code = 1
end
$stdout.flush
exit!(code)
`;

/** The number of a function by its name. */
type Named = (name: string) => number;

/** Locals of the entry. */
const SPACE = 0, COUNT = 1, ARGS = 2, LIST = 3, I = 4, FROM = 5, SIZE = 6;
const LOCALS = 7;

/** The interpreter as a command. */
export function rubyCommand(): Uint8Array<ArrayBuffer> {
  const module = new URL(import.meta.resolve(PACKAGE));
  return commandOf(Deno.readFileSync(module), {
    imports: [["args_sizes_get", 2, true], ["args_get", 2, true]],
    code: entry,
  });
}

/** Takes the arguments from WASI, as a list of texts with a zero at their ends, and evaluates `MAIN`. */
function entry(named: Named): Piece {
  const { get, set, call, i32, load, store, add, times } = op;
  const word = [i32(4), times];
  const room = (align: number, size: Piece): Piece => [
    ...[i32(0), i32(0), i32(align), size],
    call(named("cabi_realloc")),
  ];
  const argument = [get(ARGS), get(I), word, add, load];
  const slot = [get(LIST), get(I), i32(8), times, add];
  return body(LOCALS, [
    call(named("_initialize")),
    ...[room(4, i32(8)), set(SPACE)],
    ...[get(SPACE), get(SPACE), i32(4), add],
    ...[call(named("args_sizes_get")), op.drop],
    ...[get(SPACE), load, set(COUNT)],
    room(4, [get(COUNT), word, get(SPACE), i32(4), add, load, add]),
    ...[set(ARGS), get(ARGS), get(ARGS), get(COUNT), word, add],
    ...[call(named("args_get")), op.drop],
    ...[room(4, [get(COUNT), i32(8), times]), set(LIST)],
    op.loop,
    ...[argument, set(FROM), i32(0), set(SIZE)],
    ...[op.loop, get(FROM), get(SIZE), add, op.load8],
    ...[get(SIZE), i32(1), add, set(SIZE), op.again, op.end],
    ...[slot, room(1, get(SIZE)), store],
    ...[slot, i32(4), add, get(SIZE), store],
    ...[slot, load, get(FROM), get(SIZE), op.copy],
    ...[get(I), i32(1), add, set(I)],
    ...[get(I), get(COUNT), op.less, op.again, op.end],
    ...[get(LIST), get(COUNT)],
    call(named("ruby-init: func(args: list<string>) -> ()")),
    evaluation(named, room),
  ]);
}

/** Puts `MAIN` into memory, eight bytes at a time, and has it run. */
function evaluation(
  named: Named,
  room: (align: number, size: Piece) => Piece,
): Piece {
  const text = new TextEncoder().encode(MAIN);
  const padded = flat([text, new Uint8Array(8 - text.length % 8)]);
  const words = [...new BigInt64Array(padded.buffer)];
  return [
    ...[room(8, op.i32(padded.length)), op.set(FROM)],
    words.map((word, i) => [op.get(FROM), op.i64(word), op.store64(i * 8)]),
    ...[op.get(FROM), op.i32(text.length)],
    op.call(named(
      "rb-eval-string-protect: func(str: string) -> tuple<handle<rb-abi-value>, s32>",
    )),
    op.drop,
  ];
}
