/** Clients of the guest `kv`: the real Redis client. @module */
import { createClient } from "@redis/client";

function clientOf(address: string) {
  return createClient({
    url: `redis://${address}`,
    socket: { reconnectStrategy: false, connectTimeout: 5_000 },
  });
}

/** A client of one server. */
export type KvClient = ReturnType<typeof clientOf>;

const clients = new Set<KvClient>();

/** Connects to a server; the client never reconnects by itself, so that every failure is seen. */
export async function connectKv(address: string): Promise<KvClient> {
  const client = clientOf(address);
  client.on("error", () => {});
  await client.connect();
  clients.add(client);
  return client;
}

/** Drops all connections, for `test.after`. */
export function dropClients(): void {
  for (const client of clients) {
    if (client.isOpen) client.destroy();
  }
  clients.clear();
}
