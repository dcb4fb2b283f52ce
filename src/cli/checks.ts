import { ReplrtError } from "../runtime/errors.ts";
import {
  type Address,
  formatAddress,
  type RunOptions,
} from "../runtime/options.ts";
import { isLoopback, sameAddress } from "./values.ts";

/**
 * Checks what no option can tell alone: the two times, clear text beyond loopback, what needs a state directory, and
 * addresses that are used twice.
 *
 * @throws {ReplrtError} for the first that does not fit.
 */
export function checkTogether(options: RunOptions): void {
  const { role, bind, heartbeatMs, timeoutMs } = options;
  if (timeoutMs < 2 * heartbeatMs) {
    throw new ReplrtError(
      `cannot use --timeout ${timeoutMs} with --heartbeat ${heartbeatMs}: ` +
        "within less than two heartbeats, one that is late looks like a death",
      `say --timeout ${2 * heartbeatMs} or more`,
    );
  }
  if (role !== "solo" && !options.insecure && !isLoopback(bind.host)) {
    throw new ReplrtError(
      `cannot use --bind ${formatAddress(bind)}: ` +
        "replication is in clear text, and whoever reaches that port can read the log and join",
      "bind 127.0.0.1 or [::1], or add --insecure if you trust all who can reach it",
    );
  }
  checkKept(options);
  checkDistinct(options);
}

/** What a program without backups can be told only where its log is kept. */
function checkKept(
  { role, stateDir, sync, overwrite, dirs }: RunOptions,
): void {
  if (role !== "solo") return;
  if (stateDir === undefined) {
    const flag = sync ? "--sync" : overwrite ? "--overwrite" : undefined;
    if (flag === undefined) return;
    throw new ReplrtError(
      `cannot use ${flag} without --state-dir: a program alone keeps no log`,
      `add --state-dir DIR, or leave ${flag} out`,
    );
  }
  const shared = dirs.find((dir) => dir.shared);
  if (shared === undefined) return;
  const { host, guest } = shared;
  throw new ReplrtError(
    `cannot use --dir ${host}::${guest}::shared with --role solo and --state-dir: what other nodes mount can't be built again`,
    `write --dir ${host}::${guest}, or say --role primary`,
  );
}

/** Each address on this node, and of the other one, has one use. */
function checkDistinct(
  { role, bind, join, peer, tcpListen }: RunOptions,
): void {
  const uses: { flag: string; address: Address }[] = [];
  if (join !== undefined) uses.push({ flag: "--join", address: join });
  if (peer !== undefined) uses.push({ flag: "--peer", address: peer });
  if (role !== "solo") uses.push({ flag: "--bind", address: bind });
  uses.push(...tcpListen.map((address) => ({ flag: "--tcplisten", address })));
  uses.forEach((use, at) => {
    const other = uses.slice(0, at).find((earlier) =>
      sameAddress(earlier.address, use.address)
    );
    if (other === undefined) return;
    throw new ReplrtError(
      `cannot use ${use.flag} ${formatAddress(use.address)}: ` +
        `it is the address of ${other.flag} ${formatAddress(other.address)}`,
      `give ${use.flag} an address of its own, such as ` +
        `${
          formatAddress({ ...use.address, port: use.address.port % 65_535 + 1 })
        }`,
    );
  });
}
