/**
 * An edge node: serves `kv` as primary, or follows it as backup and takes over.
 * On two terminals, with clients at 6379, after a takeover at 6380, and so on:
 *
 *     deno run -A examples/edge_node.ts primary
 *     deno run -A examples/edge_node.ts backup
 *
 * Ctrl-C or kill -9 either, or its node alone, which is then started again and joins.
 *
 * @module
 */
import { startNode } from "replrt";

const [role = "primary", host = "127.0.0.1"] = Deno.args;
const first = role === "primary";
const [own, other] = first ? [7400, 7401] : [7401, 7400];
const peer = `${host}:${other}`;

for (let asks = first;; asks = true) {
  const node = startNode({
    module: new URL("../guests/dist/kv.wasm", import.meta.url).pathname,
    bind: `${host}:${own}`,
    tcpListen: [`${host}:${first ? 6379 : 6380}`],
    timeoutMs: 4_000, // a small machine may stall; a death is seen at once
    stdout: "null",
    ...asks ? { role: "primary", peer } : { role: "backup", join: peer },
  });
  for await (const event of node.events) {
    if (event.event === "serving") console.log(`serving ${event.listen}`);
    if (event.event === "following") console.log(`following ${event.address}`);
    if (event.event === "taken") console.log(`took over at ${event.listen}`);
  }
  const { code, error } = await node.exit;
  if (code === 0) break;
  console.log(`node ended with ${code}, ${error?.message ?? "was killed"}`);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}
