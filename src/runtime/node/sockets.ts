import {
  addressOf,
  bindSocket,
  closeHandle,
  listenOn,
} from "../host/socket.ts";
import { type Address, formatAddress } from "../options.ts";
import type { Say } from "../say.ts";

/** The guest's listening sockets on this node. Bound from the start, so that nobody else takes the address; they listen once the node is live. */
export class GuestSockets {
  readonly handles: readonly number[];
  readonly addresses: readonly Address[];

  /** @throws {ReplrtError} when an address can't be had. */
  constructor(wanted: readonly Address[]) {
    const handles: number[] = [];
    try {
      for (const address of wanted) {
        handles.push(bindSocket(address, "--tcplisten"));
      }
    } catch (error) {
      for (const handle of handles) closeHandle(handle);
      throw error;
    }
    this.handles = handles;
    this.addresses = wanted.map((address, i) =>
      addressOf(handles[i] as number, address)
    );
  }

  /** Takes connections from now on. */
  listen(): void {
    for (const [i, handle] of this.handles.entries()) {
      listenOn(handle, this.addresses[i] as Address, "--tcplisten");
    }
  }

  /** Takes connections from now on, for a node that nobody follows, and says where, if it does anywhere. */
  serveAlone(say: Say): void {
    this.listen();
    if (this.handles.length === 0) return;
    const listen = this.texts;
    say.event({ event: "serving", role: "solo", bind: null, listen });
  }

  /** The addresses as `HOST:PORT`. */
  get texts(): string[] {
    return this.addresses.map(formatAddress);
  }
}
