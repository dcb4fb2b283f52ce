/** Client sockets by direct calls of libc, so that the load costs as little as a client can. @module */

const { symbols: libc } = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
});

/** Numbers of Linux, equal on x86-64 and arm64. */
const AF_INET = 2, SOCK_STREAM = 1, IPPROTO_TCP = 6, TCP_NODELAY = 1;
const POLLIN = 1, MSG_NOSIGNAL = 0x4000;
/** A pollfd, in words of four bytes: the descriptor, what is asked for and what is there. */
const POLLFD_WORDS = 2;

/** Connects to a port of 127.0.0.1; gives the descriptor. @throws {Error} when nobody listens there. */
export function connect(port: number): number {
  const address = new Uint8Array(16);
  new DataView(address.buffer).setUint16(0, AF_INET, true);
  address.set([port >> 8, port & 0xff, 127, 0, 0, 1], 2);
  const fd = libc.socket(AF_INET, SOCK_STREAM, 0);
  if (libc.connect(fd, address, address.length) !== 0) {
    throw new Error(`cannot connect to port ${port}`);
  }
  libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, new Int32Array([1]), 4);
  return fd;
}

/** Sends all of a small request. @throws {Error} when the connection is over. */
export function send(fd: number, request: Uint8Array<ArrayBuffer>): void {
  const n = libc.send(fd, request, BigInt(request.length), MSG_NOSIGNAL);
  if (Number(n) !== request.length) throw new Error("cannot send a request");
}

/** Takes what has come, at least a byte; gives how many. @throws {Error} when the connection is over. */
export function receive(fd: number, into: Uint8Array<ArrayBuffer>): number {
  const n = Number(libc.recv(fd, into, BigInt(into.length), 0));
  if (n <= 0) throw new Error("cannot receive a reply: the server closed");
  return n;
}

/** Waits for several connections at once. */
export class Poll {
  readonly #words: Int32Array<ArrayBuffer>;
  readonly #count: bigint;

  constructor(fds: readonly number[]) {
    this.#words = Int32Array.from(fds.flatMap((fd) => [fd, POLLIN]));
    this.#count = BigInt(fds.length);
  }

  /** Blocks until something has come for at least one. */
  wait(): void {
    libc.poll(this.#words, this.#count, -1);
  }

  /** Whether something has come for connection `i`, or it is over. */
  ready(i: number): boolean {
    return this.#words[POLLFD_WORDS * i + 1]! >> 16 !== 0;
  }
}
