// tour DIR ROUNDS CODE: the tour of README.md, in AssemblyScript. Its library has no files, so WASI is called directly.
import {
  clockid,
  errno,
  errnoToString,
  eventtype,
  fd_close,
  fd_filestat_get,
  fd_read,
  fd_readdir,
  fd_seek,
  fd_write,
  fdflags,
  filestat,
  oflags,
  path_create_directory,
  path_link,
  path_open,
  path_readlink,
  path_remove_directory,
  path_rename,
  path_symlink,
  path_unlink_file,
  poll_oneoff,
  rights,
  whence,
} from "@assemblyscript/wasi-shim/assembly/bindings/wasi_snapshot_preview1";

/** The directory that is given first. */
const ROOT: u32 = 3;
const PAUSE_NS: u64 = 1_000_000;
const READ = rights.FD_READ | rights.FD_SEEK | rights.FD_TELL |
  rights.FD_FILESTAT_GET;
const WRITE = rights.FD_WRITE | rights.FD_SEEK;
/** Where calls leave what they found. */
const found = memory.data(8);
const buffer = new StaticArray<u8>(4096);

function must(error: i32): void {
  if (error != errno.SUCCESS) throw new Error(errnoToString(<u16> error));
}

/** Text as a call takes it: UTF-8, no zero at its end. */
function utf8(text: string): ArrayBuffer {
  return String.UTF8.encode(text);
}

function textAt(pointer: usize, size: usize): string {
  return String.UTF8.decodeUnsafe(pointer, size);
}

function at(bytes: ArrayBuffer): usize {
  return changetype<usize>(bytes);
}

function opened(path: string, how: u16, may: u64, flags: u16 = 0): i32 {
  const name = utf8(path);
  return path_open(
    ROOT,
    0,
    at(name),
    name.byteLength,
    how,
    may,
    0,
    flags,
    found,
  );
}

function open(path: string, how: u16, may: u64, flags: u16 = 0): u32 {
  must(opened(path, how, may, flags));
  return load<u32>(found);
}

function put(path: string, how: u16, text: string, flags: u16 = 0): void {
  const file = open(path, how | oflags.CREAT, WRITE, flags);
  const bytes = utf8(text);
  const vector: usize[] = [at(bytes), bytes.byteLength];
  must(fd_write(file, vector.dataStart, 1, found));
  assert(load<usize>(found) == bytes.byteLength);
  must(fd_close(file));
}

/** Reads until the end or until so much is there. */
function read(file: u32, size: usize): string {
  let length: usize = 0;
  while (length < size) {
    const vector: usize[] = [changetype<usize>(buffer) + length, size - length];
    must(fd_read(file, vector.dataStart, 1, found));
    const more = load<usize>(found);
    if (more == 0) break;
    length += more;
  }
  return textAt(changetype<usize>(buffer), length);
}

function input(): void {
  const chunk = new ArrayBuffer(1024);
  const text: u8[] = [];
  for (
    let n = process.stdin.read(chunk);
    n > 0;
    n = process.stdin.read(chunk)
  ) {
    const some = Uint8Array.wrap(chunk, 0, n);
    for (let i = 0; i < n; i++) text.push(some[i]);
  }
  const lines = textAt(text.dataStart, text.length).split("\n");
  for (let i = 0; i < lines.length - 1; i++) console.log("| " + lines[i]);
  console.log(`${lines.length - 1} lines, ${text.length} bytes`);
}

/** Sleeps by a poll with one subscription, to a clock. */
function waitAMoment(): void {
  const before = process.hrtime();
  const subscription = new StaticArray<u64>(6);
  const one = changetype<usize>(subscription);
  store<u8>(one, eventtype.CLOCK, 8);
  store<u32>(one, clockid.MONOTONIC, 16);
  store<u64>(one, PAUSE_NS, 24);
  must(poll_oneoff(one, changetype<usize>(buffer), 1, found));
  assert(process.hrtime() - before >= PAUSE_NS);
}

function hex(sum: u32): string {
  return sum.toString(16).padStart(8, "0");
}

function journal(round: i32): void {
  const number = new Uint8Array(8);
  crypto.getRandomValues(number);
  let text = "";
  for (let i = 0; i < 8; i++) {
    text += (<u32> number[i]).toString(16).padStart(2, "0");
  }
  put("journal", 0, `${round} ${Date.now()} ${text}\n`, fdflags.APPEND);
}

function draft(round: i32): void {
  let text = "";
  for (let line = 1; line <= round % 7 + 3; line++) {
    text += `round ${round} line ${line}\n`;
  }
  put("work/draft", oflags.EXCL, text);
  put("work/draft", 0, `end of round ${round}\n`, fdflags.APPEND);
  const from = utf8("work/draft"), to = utf8("work/final");
  must(
    path_rename(ROOT, at(from), from.byteLength, ROOT, at(to), to.byteLength),
  );
  assert(opened("work/draft", 0, READ) == errno.NOENT);
}

function links(): void {
  const from = utf8("work/final"), twin = utf8("work/twin");
  must(
    path_link(
      ROOT,
      0,
      at(from),
      from.byteLength,
      ROOT,
      at(twin),
      twin.byteLength,
    ),
  );
  const target = utf8("final"), sign = utf8("work/sign");
  must(
    path_symlink(
      at(target),
      target.byteLength,
      ROOT,
      at(sign),
      sign.byteLength,
    ),
  );
  must(
    path_readlink(
      ROOT,
      at(sign),
      sign.byteLength,
      changetype<usize>(buffer),
      buffer.length,
      found,
    ),
  );
  assert(textAt(changetype<usize>(buffer), load<usize>(found)) == "final");
}

/** Reads the file again: its text, and five bytes out of its middle. */
function check(): string[] {
  const file = open("work/final", 0, READ);
  const text = read(file, buffer.length);
  const stat = changetype<filestat>(memory.data(64));
  must(fd_filestat_get(file, stat));
  assert(stat.size == text.length);
  must(fd_seek(file, 6, whence.SET, found));
  const middle = read(file, 5);
  must(fd_close(file));
  return [text, middle];
}

function names(): string[] {
  const dir = open("work", oflags.DIRECTORY, rights.FD_READDIR);
  const start = changetype<usize>(buffer);
  must(fd_readdir(dir, start, buffer.length, 0, found));
  const end = start + load<usize>(found);
  const list: string[] = [];
  for (let entry = start; entry < end; entry += 24 + load<u32>(entry, 16)) {
    const name = textAt(entry + 24, load<u32>(entry, 16));
    if (!name.startsWith(".")) list.push(name);
  }
  must(fd_close(dir));
  return list.sort();
}

function clear(list: string[]): void {
  for (let i = 0; i < list.length; i++) {
    const path = utf8("work/" + list[i]);
    must(path_unlink_file(ROOT, at(path), path.byteLength));
  }
  const work = utf8("work");
  must(path_remove_directory(ROOT, at(work), work.byteLength));
}

const args = process.argv.slice(1);
console.log("args " + args.join(" "));
console.log("TOUR " + process.env.get("TOUR"));
input();
let sum: u32 = 2166136261;
for (let round = 1; round <= I32.parseInt(args[1]); round++) {
  const work = utf8("work");
  must(path_create_directory(ROOT, at(work), work.byteLength));
  draft(round);
  put("work/empty", 0, "");
  links();
  const seen = check();
  for (let i = 0; i < seen[0].length; i++) {
    sum = (sum ^ seen[0].charCodeAt(i)) * 16777619;
  }
  const list = names();
  clear(list);
  console.log(
    `round ${round}: ${seen[0].length} bytes, sum ${hex(sum)}, "${seen[1]}", ${
      list.join(" ")
    }`,
  );
  journal(round);
  waitAMoment();
}
console.log("total " + hex(sum));
process.stderr.write("tour: done\n");
process.exit(I32.parseInt(args[2]));
