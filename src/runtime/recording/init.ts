import { decodeValue } from "../../engine/frame.ts";
import { isSchedule } from "../../wasi-intercept/threads/schedule.ts";
import type { GuestConfig } from "../guest/config.ts";
import type { InitData } from "../node/primary.ts";

const FILE_TYPES = 3;

/** DATA of PROCESS_INIT; undefined when it is not what a run was started with. */
export function decodeInit(data: Uint8Array): InitData | undefined {
  const init = decodeValue(data)?.value as Partial<InitData> | undefined;
  const good = isObject(init) && typeof init.module === "string" &&
    (init.path === undefined || typeof init.path === "string") &&
    isObject(init.config) && isConfig(init.config);
  return good ? init as InitData : undefined;
}

function isConfig(config: Partial<GuestConfig>): boolean {
  const { args, env, dirs, listeners, stdio, schedule } = config;
  return isList(args, isText) && args.length > 0 && isList(env, isText) &&
    isList(dirs, isDir) && isCount(listeners) && isList(stdio, isCount) &&
    stdio.length === FILE_TYPES && isSchedule(schedule);
}

function isDir(value: unknown): boolean {
  const { name, shared } = isObject(value) ? value : {};
  return isText(name) && typeof shared === "boolean";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && value as number >= 0 &&
    value as number < 65_536;
}

function isList(
  value: unknown,
  each: (value: unknown) => boolean,
): value is readonly unknown[] {
  return Array.isArray(value) && value.every(each);
}
