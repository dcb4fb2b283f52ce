import * as fs from "node:fs";
import { doing } from "./failure.ts";

/** Gives the copy `to` of `from` the time of its last change; that of its last access becomes the same. Links are not followed. @throws {ReplrtError} */
export function copyTimes(from: string, to: string): void {
  doing(`set the times of ${to}`, () => {
    const { mtimeMs } = fs.lstatSync(from);
    fs.lutimesSync(to, mtimeMs / 1000, mtimeMs / 1000);
  });
}
