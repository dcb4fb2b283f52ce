/** A program that embeds nodes, for tests that end it: `host.ts OPTIONS-OF-EACH-AS-JSON`. Prints each node's pid. @module */
import { type NodeOptions, startNode } from "replrt";

const options = JSON.parse(Deno.args[0] as string) as NodeOptions[];
const nodes = options.map((each) => startNode(each));
for (const { pid } of nodes) console.log(`node ${pid}`);
await Promise.all(nodes.map(async (node) => {
  for await (const { event } of node.events) console.log(`event ${event}`);
}));
