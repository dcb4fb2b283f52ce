/**
 * The demo: a server under load, the death of its process, and what is left.
 *
 * `deno task demo` runs kv as primary and backup, kills the primary with SIGKILL while clients write, and looks for every
 * acknowledged write on the survivor. It exits 1 when one is lost, or when something that should happen does not.
 *
 * @module
 */
import { formatAddress } from "../src/runtime/options.ts";
import { grouped } from "../src/runtime/status.ts";
import { Crowd } from "./demo/crowd.ts";
import { positionAt } from "./demo/gauge.ts";
import { type DemoNode, freeAddresses, type Place } from "./demo/node.ts";
import { failuresOf, type Result, tableOf } from "./demo/report.ts";
import { Connection } from "./demo/resp.ts";
import { Screen } from "./demo/screen.ts";
import { Stage } from "./demo/stage.ts";
import { verify } from "./demo/verify.ts";

/** How long the load runs before the kill and after the takeover, in ms. */
const BEFORE_MS = 4000;
const AFTER_MS = 2000;
/** How long the nodes may take to start, in ms: they may have packages to fetch. */
const START_MS = 60_000;
/** How long anything else that a node does may take, in ms. */
const PATIENCE_MS = 10_000;
/** Between two looks at the nodes, in ms. */
const LOOK_MS = 100;
/** Looks over which the rate is taken. */
const RATE_LOOKS = 10;
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Shows the live line for `forMs`; without `backup` the primary is alone. */
async function watch(
  screen: Screen,
  crowd: Crowd,
  forMs: number,
  primary: DemoNode,
  backup: DemoNode | undefined,
): Promise<void> {
  const end = performance.now() + forMs;
  const seen = [{ acked: crowd.acked, at: performance.now() }];
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const [logged, held] = await Promise.all([
      positionAt(primary.place.bind),
      backup && positionAt(backup.place.bind),
    ]);
    const now = { acked: crowd.acked, at: performance.now() };
    seen.push(now);
    const then = seen.length > RATE_LOOKS ? seen.shift()! : seen[0]!;
    const rate = 1000 * (now.acked - then.acked) / (now.at - then.at);
    if (logged === undefined) continue;
    const lag = held === undefined
      ? "no backup"
      : `backup ${grouped(Math.max(0, logged - held))} messages behind`;
    screen.live(
      `  ${grouped(now.acked)} writes acknowledged, ${
        grouped(Math.round(rate))
      } a second; log at message ${grouped(logged)}, ${lag}`,
    );
  }
}

/** Starts both nodes; gives them when the backup is in sync and clients are served. */
async function startNodes(
  stage: Stage,
): Promise<readonly [primary: DemoNode, backup: DemoNode]> {
  const [bindA, clientsA, bindB, clientsB] = freeAddresses(4);
  const a: Place = {
    bind: bindA!,
    clients: clientsA!,
    stateDir: stage.path("a"),
  };
  const b: Place = {
    bind: bindB!,
    clients: clientsB!,
    stateDir: stage.path("b"),
  };
  const join = formatAddress(a.bind);
  const primary = stage.start(a, "--role", "primary", "--wait-backups", "1");
  const backup = stage.start(b, "--role", "backup", "--join", join);
  await backup.event("following", START_MS);
  await primary.event("serving", START_MS);
  return [primary, backup];
}

/** Plays the whole piece. @throws {Error} when a node does not do what it should. */
async function play(stage: Stage, screen: Screen): Promise<Result> {
  const [primary, backup] = await startNodes(stage);
  const [served, survivor] = [primary.place.clients, backup.place.clients];
  screen.say(
    `primary serves clients at ${formatAddress(served)}, backup is in sync ` +
      `and will serve at ${formatAddress(survivor)}`,
  );
  const crowd = new Crowd(served, survivor);
  await watch(screen, crowd, BEFORE_MS, primary, backup);

  const killedAt = performance.now();
  primary.kill();
  screen.say("primary killed with SIGKILL, clients look for the survivor");
  const { epoch, seq } = await backup.event("takeover", PATIENCE_MS);
  const firstAt = await crowd.firstAfter(PATIENCE_MS);
  const takeoverMs = firstAt === undefined ? undefined : firstAt - killedAt;
  screen.say(
    `backup took over at message ${grouped(seq)} in epoch ${epoch}, ${
      takeoverMs === undefined
        ? "but gives no answer"
        : `first answer ${grouped(Math.round(takeoverMs))} ms after the kill`
    }`,
  );
  await watch(screen, crowd, AFTER_MS, backup, undefined);
  await crowd.stop(PATIENCE_MS);
  const logBytes = Deno.statSync(`${backup.place.stateDir}/log`).size;

  const { acked, ackedAfter } = crowd;
  screen.say(`looking for ${grouped(acked)} writes on the survivor`);
  const server = await Connection.open(survivor);
  const findings = await verify(crowd.clients, server);
  server.close();
  return { ...findings, takeoverMs, ackedAfter, logBytes };
}

async function main(): Promise<number> {
  const stage = new Stage();
  const screen = new Screen();
  let interrupted: number | undefined;
  for (const [signal, code] of Object.entries(SIGNALS)) {
    Deno.addSignalListener(signal as Deno.Signal, () => {
      interrupted = code;
      void stage.clear().finally(() => Deno.exit(code));
    });
  }
  let failures: string[];
  try {
    const result = await play(stage, screen);
    for (const line of ["", ...tableOf(result)]) screen.say(line);
    failures = failuresOf(result);
  } catch (error) {
    failures = [error instanceof Error ? error.message : String(error)];
  }
  await stage.clear();
  if (interrupted !== undefined) return interrupted;
  for (const line of failures) screen.say(`FAILED: ${line}`);
  return failures.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
