/** What replication costs a guest that only computes. @module */
import { type Area, median } from "./area.ts";
import {
  CALLS,
  type Ordered,
  peerGuest,
  replicatedGuest,
  soloGuest,
} from "./ordered.ts";
import { busiest, settled, spent, threadTimes } from "./proc.ts";
import { underDeno } from "./stage.ts";

const FULL = { rounds: 31, warmUp: 2, millions: 100 };
const QUICK = { rounds: 1, warmUp: 0, millions: 10 };
const AT_MOST = 1.02;

/** CPU time of the guest's thread for a piece of computing, in ms. */
async function spin(guest: Ordered, millions: number): Promise<number> {
  const before = threadTimes(guest.pid);
  await guest.run(`spins ${millions}`);
  const times = spent(before, threadTimes(guest.pid));
  return (times.get(busiest(times)) as number) / 1e6;
}

/** Computing, the loop of `guests/spin.c`. */
export const cpu: Area = {
  name: "cpu",
  title: "Computing",
  async measure(quick) {
    const { rounds, warmUp, millions } = quick ? QUICK : FULL;
    const { guest: primary, backup } = await replicatedGuest();
    const plain = peerGuest(underDeno(CALLS, "", "-"));
    const guests = [plain, soloGuest(), primary];
    const samples: number[][] = guests.map(() => []);
    for (let round = -warmUp; round < rounds; round++) {
      for (const [i, guest] of guests.entries()) {
        const ms = await spin(guest, millions);
        if (round >= 0) samples[i]!.push(ms);
        if (guest === primary) await settled(backup);
      }
    }
    for (const guest of guests) await guest.end();
    const ms = samples.map(median);
    const ratio = (i: number) => ms[i]! / ms[0]!;
    return {
      about:
        `CPU time of the guest's thread for ${millions} million steps of a generator, the loop of \`spin\`, in ms, ` +
        "and the ratio to the same module run as plain WebAssembly by the same Deno: medians of " +
        `${rounds} rounds. The backup computes at the same time, on another core.`,
      tables: [{
        head: ["steps", "plain WebAssembly", "solo", "primary with a backup"],
        rows: [[
          `${millions} million`,
          ms[0]!.toFixed(1),
          ...[1, 2].map((i) =>
            `${ms[i]!.toFixed(1)} (${ratio(i).toFixed(3)}x)`
          ),
        ]],
      }],
      aims: [{
        what: "CPU time with a backup",
        bound: "at most",
        limit: AT_MOST,
        unit: "x",
        value: ratio(2),
      }],
    };
  },
};
