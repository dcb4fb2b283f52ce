/** Frames over TCP: this transport only moves bytes; order, loss and duplicates are the engine's business. @module */
import net from "node:net";

/** One side of a connection. Errors of the network end in `onClose`, never in an exception. */
export interface Connection {
  /** The other side's `HOST:PORT`. */
  readonly remote: string;
  /** Queues bytes; nothing happens on a closed connection. */
  send(bytes: Uint8Array): void;
  /** Bytes queued here that the system has not taken yet. */
  readonly backlog: number;
  onData(take: (bytes: Uint8Array) => void): void;
  /** Called once, when the connection has ended for whatever reason. */
  onClose(ended: (reason: string) => void): void;
  /** Sends what is queued, then ends. */
  end(): void;
  /** Ends at once. */
  destroy(): void;
}

/**
 * How an attempt to connect failed: nobody listens there, no answer (unreachable, timed out), or reset once it was up, which
 * a network does as well as a dying process.
 */
export type ConnectProblem = "refused" | "silent" | "broken";

const PROBLEMS: Readonly<Record<string, ConnectProblem>> = {
  ECONNREFUSED: "refused",
  ECONNRESET: "broken",
};

function wrap(socket: net.Socket): Connection {
  socket.setNoDelay(true);
  let reason = "closed by the other side";
  let ended = false;
  const listeners: ((reason: string) => void)[] = [];
  socket.on("error", (error: NodeJS.ErrnoException) => {
    reason = error.code ?? error.message;
  });
  socket.on("close", () => {
    ended = true;
    for (const listener of listeners) listener(reason);
  });
  const host = socket.remoteFamily === "IPv6"
    ? `[${socket.remoteAddress}]`
    : socket.remoteAddress;
  return {
    remote: `${host}:${socket.remotePort}`,
    get backlog() {
      return socket.writableLength;
    },
    send(bytes) {
      if (!ended && !socket.destroyed) socket.write(bytes);
    },
    onData(take) {
      socket.on("data", take);
    },
    onClose(listener) {
      if (ended) listener(reason);
      else listeners.push(listener);
    },
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

/** Connects to `host:port`; gives up as "silent" after `timeoutMs`. */
export function connectTcp(
  host: string,
  port: number,
  timeoutMs: number,
): Promise<Connection | ConnectProblem> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const timer = setTimeout(() => {
      socket.destroy();
      resolve("silent");
    }, timeoutMs);
    socket.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve(PROBLEMS[error.code ?? ""] ?? "silent");
    });
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve(wrap(socket));
    });
  });
}

/** A listening address. */
export interface Listener {
  readonly port: number;
  close(): void;
}

/** Listens on `host:port` (0: a free one). Rejects with the system's error when the address can't be had. */
export function listenTcp(
  host: string,
  port: number,
  take: (connection: Connection) => void,
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => take(wrap(socket)));
    server.once("error", reject);
    server.listen({ host, port }, () => {
      const address = server.address() as net.AddressInfo;
      resolve({ port: address.port, close: () => void server.close() });
    });
  });
}
