/** A node that keeps its log killed under load again and again, and resumed each time. @module */
import { destroy } from "../../failover/kit/cluster.ts";
import { endLoad, type Load, someTime } from "../../failover/kit/rounds.ts";
import { Witness } from "../../failover/kit/witness.ts";
import { listenAgain } from "../../kit/place.ts";
import { keep, places, resume } from "./kept.ts";

/** What is done, and to whom. */
export interface ResumeRounds extends Load {
  readonly args: readonly string[];
  readonly options: readonly string[];
}

/** Each round kills the server under load and resumes it. @throws {Error} when an acknowledged write is lost. */
export async function resumeRounds(how: ResumeRounds): Promise<void> {
  const { guest, args, options, clients, depth, seed, random } = how;
  const kept = places();
  let node = keep(guest, kept, {
    ...{ args, options: [...listenAgain(), ...options] },
  });
  const { listen } = await node.waitForEvent("serving");
  const address = listen[0] as string;
  const witness = new Witness(address, seed, clients, depth);
  witness.start();
  for (let round = 0; round < how.count; round++) {
    await witness.more(1 + random.below(300));
    await someTime(random);
    await destroy(node);
    node = resume(kept);
    await node.waitForEvent("resumed");
    witness.moveTo(address);
    await witness.verify();
  }
  await endLoad(witness, node);
}
