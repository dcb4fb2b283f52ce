import { isIPv4, isIPv6 } from "node:net";
import { ReplrtError } from "../runtime/errors.ts";
import type { Address, GuestDir } from "../runtime/options.ts";

/** The largest time and count an option takes: what a timer can wait, in ms. */
const NUMBER_MAX = 2 ** 31 - 1;

/**
 * Reads `HOST:PORT`; IPv6 stands in brackets, as `[::1]:7400`.
 *
 * @throws {ReplrtError} when the host is no name or address, or the port is not 0 to 65535.
 */
export function parseAddress(flag: string, text: string): Address {
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  if (parts === null) {
    throw isIPv6(text) || /:.*:/.test(text)
      ? unusable(
        flag,
        text,
        "an IPv6 address needs brackets",
        `write it as ${flag} [::1]:7400`,
      )
      : unusable(
        flag,
        text,
        "it is not HOST:PORT",
        `write it as ${flag} 127.0.0.1:7400`,
      );
  }
  const [, v6, name, digits] = parts;
  const host = v6 ?? name ?? "";
  if (v6 === undefined ? !isHost(host) : !isIPv6(host)) {
    throw unusable(
      flag,
      text,
      `"${host}" is no host`,
      `write it as ${flag} 127.0.0.1:7400`,
    );
  }
  const port = Number(digits);
  if (port > 65_535) {
    throw unusable(
      flag,
      text,
      "a port is 0 to 65535",
      `write it as ${flag} ${host}:7400`,
    );
  }
  return { host, port };
}

/** As `parseAddress`, for an address that this node connects to: port 0 is refused. */
export function parseRemote(flag: string, text: string): Address {
  const address = parseAddress(flag, text);
  if (address.port !== 0) return address;
  throw unusable(
    flag,
    text,
    "port 0 is no port to connect to",
    "take the port that the other node printed",
  );
}

/** Reads a whole number from `least` on. @throws {ReplrtError} for anything else. */
export function parseNumber(flag: string, text: string, least: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= NUMBER_MAX) return value;
  throw unusable(
    flag,
    text,
    `a whole number from ${least} to ${NUMBER_MAX} is needed`,
    `write it as ${flag} ${Math.max(least, 1)}`,
  );
}

/** Reads one of a few words. @throws {ReplrtError} that names them all for any other. */
export function parseWord<W extends string>(
  flag: string,
  text: string,
  words: readonly W[],
): W {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw unusable(
    flag,
    text,
    "no such choice",
    `choose one of ${words.join(", ")}`,
  );
}

/** Reads a text that must hold something. @throws {ReplrtError} when it is empty. */
export function parseText(flag: string, text: string): string {
  if (text !== "") return text;
  throw unusable(
    flag,
    '""',
    "it is empty",
    `give ${flag} a value, or leave it out`,
  );
}

/**
 * Reads `HOST::GUEST`, or `HOST` for the same path on both sides; `HOST::GUEST::shared` is shared.
 *
 * @throws {ReplrtError} when a side is empty, for any other third part, and for a fourth.
 */
export function parseDir(flag: string, text: string): GuestDir {
  const [host = "", guest = host, kind, ...more] = text.split("::");
  const plain = `${flag} ${host || "HOST"}::${guest || "GUEST"}`;
  if ((kind !== undefined && kind !== "shared") || more.length > 0) {
    throw unusable(
      flag,
      text,
      more.length > 0
        ? "it has more than three parts"
        : "its third part can only be shared",
      `write ${plain} to mirror it, or ${plain}::shared for storage that all nodes mount`,
    );
  }
  if (host === "" || guest === "") {
    throw unusable(
      flag,
      text || '""',
      "a path is empty",
      `write it as ${plain}`,
    );
  }
  return { host, guest, shared: kind === "shared" };
}

/**
 * Reads `NAME=VALUE`, or `NAME` for the value that `lookUp` knows.
 *
 * @returns the name and the value.
 * @throws {ReplrtError} when the name is empty, or stands alone and is not set.
 */
export function parseEnv(
  flag: string,
  text: string,
  lookUp: (name: string) => string | undefined,
): [name: string, value: string] {
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  if (name === "") {
    throw unusable(
      flag,
      text || '""',
      "the name is empty",
      `write it as ${flag} NAME=VALUE`,
    );
  }
  if (equals >= 0) return [name, text.slice(equals + 1)];
  const value = lookUp(name);
  if (value !== undefined) return [name, value];
  throw new ReplrtError(
    `cannot pass on ${name}: it is not set in this environment`,
    `set it, or give a value: ${flag} ${name}=VALUE`,
  );
}

/** True for addresses that never leave this machine: 127.0.0.0/8, ::1 and the name localhost. */
export function isLoopback(host: string): boolean {
  const plain = canonicalHost(host);
  return (isIPv4(plain) && plain.startsWith("127.")) || plain === "[::1]";
}

/** True when both name one host and port for certain; port 0 equals nothing. */
export function sameAddress(a: Address, b: Address): boolean {
  return a.port !== 0 && a.port === b.port &&
    canonicalHost(a.host) === canonicalHost(b.host);
}

function canonicalHost(host: string): string {
  const name = host.toLowerCase();
  if (name === "localhost") return "127.0.0.1";
  const scoped = name.includes("%");
  return isIPv6(name) && !scoped ? new URL(`http://[${name}]`).hostname : name;
}

function isHost(host: string): boolean {
  return /^[\d.]+$/.test(host)
    ? isIPv4(host)
    : /^[A-Za-z0-9_]([A-Za-z0-9._-]*)$/.test(host);
}

function unusable(
  flag: string,
  value: string,
  reason: string,
  next: string,
): ReplrtError {
  return new ReplrtError(`cannot use ${flag} ${value}: ${reason}`, next);
}
