/** What threads cost as coroutines, beside real ones. @module */
import type { Area } from "./area.ts";
import { counters } from "./threads/counters.ts";
import { parallel } from "./threads/parallel.ts";
import { pool } from "./threads/pool.ts";
import { rewriting } from "./threads/rewriting.ts";
import { starts } from "./threads/starts.ts";
import { switches } from "./threads/switches.ts";

/** Guests with threads. */
export const threads: Area = {
  name: "threads",
  title: "Threads",
  async measure(quick) {
    const costs = [
      await switches(quick),
      await parallel(quick),
      await starts(quick),
    ];
    const { table, aims } = await counters(quick);
    const rest = [await pool(quick), await rewriting(quick)];
    return {
      about:
        "Guests with threads in a node, where all threads are coroutines of one isolate and one runs at a time, beside " +
        "the same modules, unchanged, with a Worker of the same Deno for each thread.",
      tables: [...costs, table, ...rest],
      aims,
    };
  },
};
