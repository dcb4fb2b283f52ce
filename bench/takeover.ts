/** How long clients are without a server when the primary is killed. @module */
import {
  destroy,
  launch,
  servingOf,
  startBackup,
} from "../tests/failover/kit/cluster.ts";
import { freePort } from "../tests/kit/place.ts";
import { Connection, ConnectionLost } from "../tools/demo/resp.ts";
import { type Area, median, quantile } from "./area.ts";

const FULL = 50, QUICK = 2;
const AT_MOST_MS = 50;
/** Between two attempts of the client to connect, in ms. */
const PAUSE_MS = 1;
/** How long the client goes on trying, in ms. */
const PATIENCE_MS = 20_000;

/** A client on a new connection, as soon as there is one. @throws {Error} when none comes. */
async function reach(port: number): Promise<Connection> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await Connection.open({ host: "127.0.0.1", port });
    } catch (error) {
      const late = performance.now() > deadline;
      if (late || !(error instanceof ConnectionLost)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** Kills the primary again and again, each time with a new backup; gives the ms from each kill to the first answer. */
async function kills(count: number): Promise<number[]> {
  const at = (port: number) => ["--tcplisten", `127.0.0.1:${port}`];
  let port = freePort();
  let { node: primary, bind } = await servingOf(
    launch("kv", { options: ["--role", "primary", ...at(port)] }),
  );
  const times: number[] = [];
  for (let kill = 0; kill < count; kill++) {
    const next = freePort();
    const backup = startBackup("kv", bind, { options: at(next) });
    await backup.waitForEvent("following");
    await primary.waitForEvent("synced");
    const before = await reach(port);
    await before.call("SET", "kill", `${kill}`);
    before.close();

    const start = performance.now();
    primary.kill("SIGKILL");
    const after = await reach(next);
    const found = await after.call("GET", "kill");
    times.push(performance.now() - start);
    after.close();
    if (found !== `${kill}`) throw new Error(`kill ${kill} lost a write`);

    await destroy(primary);
    primary = backup;
    port = next;
    ({ bind } = await backup.waitForEvent("taken"));
  }
  await destroy(primary);
  return times;
}

/** From the kill to the first answer. */
export const takeover: Area = {
  name: "takeover",
  title: "Takeover",
  async measure(quick) {
    const times = await kills(quick ? QUICK : FULL);
    const value = median(times);
    return {
      about:
        "`kv`, a primary and a backup at rest: from the SIGKILL of the primary to the first answer on a new " +
        `connection to the backup, which a client tries every ${PAUSE_MS} ms, in ms.`,
      tables: [{
        head: ["kills", "median", "p90", "max"],
        rows: [[
          `${times.length}`,
          ...[value, quantile(times, 0.9), Math.max(...times)].map((ms) =>
            ms.toFixed(1)
          ),
        ]],
      }],
      aims: [{
        what: "kill to first answer, median",
        bound: "at most",
        limit: AT_MOST_MS,
        unit: " ms",
        value,
      }],
    };
  },
};
