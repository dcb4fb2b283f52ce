/** Connections between a rig and this test. @module */
import {
  addressOf,
  bindSocket,
  listenOn,
} from "../../src/runtime/host/socket.ts";
import { DIR, Rig, type RigOptions } from "./rig.ts";

/** Descriptor of the listener of a rig without directories. */
export const LISTENER = DIR;

/** A rig that listens. */
export function listeningRig(
  options: RigOptions = {},
): { rig: Rig; port: number } {
  const any = { host: "127.0.0.1", port: 0 };
  const handle = bindSocket(any, "");
  listenOn(handle, any, "");
  const { port } = addressOf(handle, any);
  return { rig: new Rig({ ...options, listeners: [handle] }), port };
}

/** A rig with an accepted connection, and its other side. */
export async function connectedRig(options: RigOptions = {}) {
  const { rig, port } = listeningRig(options);
  const peer = await Deno.connect({ port });
  const errno = rig.call.sock_accept!(LISTENER, 4, 0);
  if (errno !== 0) throw new Error(`accept gives ${errno}`);
  return { rig, peer, fd: rig.u32(0) };
}
