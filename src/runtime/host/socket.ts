/** Sockets of the guest, as raw handles that main and the guest's Worker share. @module */
import { ReplrtError } from "../errors.ts";
import { type Address, formatAddress } from "../options.ts";
import { result } from "./errno.ts";
import { lastErrno, libc } from "./libc.ts";
import { linux } from "./linux.ts";

const { AF_INET, AF_INET6, SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC } = linux;
const { SOL_SOCKET, SO_REUSEADDR, MSG_DONTWAIT, MSG_NOSIGNAL, SHUT_WR } = linux;
const { EADDRINUSE, EACCES, EADDRNOTAVAIL } = linux;
const IN_SIZE = linux["struct sockaddr_in"];
const IN6_SIZE = linux["struct sockaddr_in6"];
/** The same in both structs. */
const FAMILY = linux["sockaddr_in.sin_family"];
const PORT = linux["sockaddr_in.sin_port"];
const BACKLOG = 511;

/** Sends what a connection takes now; a negative errno as the host interface has it. */
export function sendNow(
  handle: number,
  bytes: Uint8Array<ArrayBuffer>,
): number {
  return result(
    libc.send(handle, bytes, BigInt(bytes.length), MSG_DONTWAIT | MSG_NOSIGNAL),
  );
}

/** Ends the sending side of a connection. */
export function shutdownWrite(handle: number): void {
  libc.shutdown(handle, SHUT_WR);
}

/** Lets a handle go. */
export function closeHandle(handle: number): void {
  libc.close(handle);
}

/** `struct sockaddr_in` or `sockaddr_in6` of an IP address. */
function sockaddr({ host, port }: Address): Uint8Array<ArrayBuffer> {
  const v6 = host.includes(":");
  const bytes = new Uint8Array(v6 ? IN6_SIZE : IN_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint16(FAMILY, v6 ? AF_INET6 : AF_INET, true);
  view.setUint16(PORT, port);
  if (v6) bytes.set(ipv6Bytes(host), linux["sockaddr_in6.sin6_addr"]);
  else {
    bytes.set(host.split(".").map(Number), linux["sockaddr_in.sin_addr"]);
  }
  return bytes;
}

function ipv6Bytes(host: string): Uint8Array {
  const [head = "", tail = ""] = host.split("::");
  const words = (text: string) =>
    text === "" ? [] : text.split(":").map((word) => parseInt(word, 16));
  const front = words(head), back = words(tail);
  const all = [
    ...front,
    ...Array(8 - front.length - back.length).fill(0),
    ...back,
  ];
  const bytes = new Uint8Array(16);
  for (const [i, word] of all.entries()) {
    new DataView(bytes.buffer).setUint16(2 * i, word);
  }
  return bytes;
}

const REASONS: Readonly<Record<number, string>> = {
  [EADDRINUSE]: "the address is in use",
  [EACCES]: "permission denied",
  [EADDRNOTAVAIL]: "this machine has no such address",
};

/**
 * A socket bound to `address` that does not listen yet: it holds the address, and clients are refused. It allows no sharing
 * (two sockets with SO_REUSEADDR may have one address until one of them listens) unless connections of an earlier
 * process linger there.
 *
 * @throws {ReplrtError} when the address can't be had; `flag` is the option to change.
 */
export function bindSocket(address: Address, flag: string): number {
  const target = address.host === "localhost"
    ? { ...address, host: "127.0.0.1" }
    : address;
  const family = target.host.includes(":") ? AF_INET6 : AF_INET;
  const handle = libc.socket(
    family,
    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
    0,
  );
  const bytes = sockaddr(target);
  const bind = () => libc.bind(handle, bytes, bytes.length) === 0;
  if (!bind() && !(lastErrno() === EADDRINUSE && reuse(handle) && bind())) {
    const reason = REASONS[lastErrno()] ?? `system error ${lastErrno()}`;
    throw new ReplrtError(
      `cannot bind ${formatAddress(address)}: ${reason}`,
      `give another address with ${flag}`,
    );
  }
  return handle;
}

/** Lets the address be taken while old connections linger on it. */
function reuse(handle: number): boolean {
  const on = new Uint8Array([1, 0, 0, 0]);
  return libc.setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, on, 4) === 0;
}

/** Makes a bound socket take connections; its address can be had again as soon as this process ends. */
export function listenOn(handle: number, address: Address, flag: string): void {
  reuse(handle);
  if (libc.listen(handle, BACKLOG) < 0) {
    const reason = REASONS[lastErrno()] ?? `system error ${lastErrno()}`;
    throw new ReplrtError(
      `cannot listen on ${formatAddress(address)}: ${reason}`,
      `give another address with ${flag}`,
    );
  }
}

/** The address a socket is bound to, its port filled in. */
export function addressOf(handle: number, { host }: Address): Address {
  const bytes = new Uint8Array(IN6_SIZE);
  const size = new Uint8Array(new Uint32Array([IN6_SIZE]).buffer);
  libc.getsockname(handle, bytes, size);
  return { host, port: new DataView(bytes.buffer).getUint16(PORT) };
}
