import { test } from "uvu";
import * as assert from "uvu/assert";
import { Errno } from "../../src/wasi-intercept/errno.ts";
import { MAX_STREAM_IO } from "../../src/wasi-intercept/fd_io.ts";
import { MAX_STREAMS } from "../../src/runtime/guest/local.ts";
import { connectedRig, LISTENER, listeningRig } from "./peer.ts";
import { Rig, WouldWait } from "./rig.ts";

const IOVS = 64, BUFFER = 4096, COUNT = 32, FLAGS = 40;

function receive(rig: Rig, fd: number, flags = 0, size = 1000): number {
  rig.iovecs(IOVS, [BUFFER, size]);
  return rig.call.sock_recv!(fd, IOVS, 1, flags, COUNT, FLAGS);
}

test("bytes of a connection come in the iovecs' order, peeked at or taken", async () => {
  const { rig, peer, fd } = await connectedRig();
  assert.is(receive(rig, fd), Errno.again);
  await peer.write(new TextEncoder().encode("some bytes"));
  assert.is(receive(rig, fd, 1), 0);
  assert.is(rig.text(BUFFER, rig.u32(COUNT)), "some bytes");
  rig.iovecs(IOVS, [BUFFER, 3], [BUFFER + 100, 0], [BUFFER + 50, 100]);
  assert.is(rig.call.fd_read!(fd, IOVS, 3, COUNT), 0);
  assert.is(rig.u32(COUNT), 10);
  assert.is(rig.text(BUFFER, 3) + rig.text(BUFFER + 50, 7), "some bytes");
  peer.close();
});

test("buffers over the iovecs themselves don't lead the read astray", async () => {
  const { rig, peer, fd } = await connectedRig();
  await peer.write(new Uint8Array(600).fill(0xff));
  rig.iovecs(IOVS, [IOVS, 16], [BUFFER, 500], [IOVS, 84]);
  assert.is(rig.call.fd_read!(fd, IOVS, 3, COUNT), 0);
  assert.is(rig.u32(COUNT), 600);
  assert.ok(rig.memory.subarray(BUFFER, BUFFER + 500).every((b) => b === 0xff));
  peer.close();
});

test("a read of nothing gives nothing, without waiting", async () => {
  const { rig, peer, fd } = await connectedRig();
  rig.call.fd_fdstat_set_flags!(fd, 0);
  for (const stream of [fd, 0]) {
    assert.is(rig.call.fd_read!(stream, IOVS, 0, COUNT), 0);
    rig.iovecs(IOVS, [BUFFER, 0], [BUFFER, 0]);
    assert.is(rig.call.fd_read!(stream, IOVS, 2, COUNT), 0);
    assert.is(rig.u32(COUNT), 0);
  }
  assert.throws(
    () => receive(rig, fd),
    (error: unknown) => error instanceof WouldWait,
  );
  peer.close();
});

test("more than a message holds is a short read, not an error", async () => {
  const { rig, peer, fd } = await connectedRig();
  const sent = peer.write(new Uint8Array(3 << 20));
  const large = new Uint8Array(8 * 1024);
  for (let i = 0; i < 1024; i++) {
    new DataView(large.buffer).setUint32(8 * i, 16_384, true);
    new DataView(large.buffer).setUint32(8 * i + 4, 4096, true);
  }
  rig.poke(BUFFER, large);
  let all = 0, most = 0;
  while (all < 3 << 20) {
    const errno = rig.call.fd_read!(fd, BUFFER, 1024, COUNT);
    if (errno === Errno.again) await new Promise((go) => setTimeout(go, 1));
    else assert.is(errno, 0);
    if (errno === 0) all += rig.u32(COUNT);
    if (errno === 0) most = Math.max(most, rig.u32(COUNT));
    rig.drain();
  }
  assert.ok(most <= MAX_STREAM_IO);
  assert.is(rig.call.fd_write!(1, BUFFER, 256, COUNT), 0);
  assert.is(rig.u32(COUNT), MAX_STREAM_IO);
  await sent;
  peer.close();
});

test("descriptors that are not for it refuse", async () => {
  const { rig, peer, fd } = await connectedRig();
  rig.iovecs(IOVS, [BUFFER, 4]);
  assert.is(rig.call.fd_read!(1, IOVS, 1, COUNT), Errno.badf);
  assert.is(rig.call.fd_write!(0, IOVS, 1, COUNT), Errno.badf);
  assert.is(rig.call.fd_read!(LISTENER, IOVS, 1, COUNT), Errno.badf);
  assert.is(rig.call.fd_seek!(fd, 0n, 0, COUNT), Errno.spipe);
  assert.is(rig.call.fd_pread!(fd, IOVS, 1, 0n, COUNT), Errno.spipe);
  assert.is(rig.call.sock_recv!(1, IOVS, 1, 0, COUNT, FLAGS), Errno.notsock);
  assert.is(receive(rig, LISTENER), Errno.notconn);
  assert.is(receive(rig, fd, 4), Errno.inval);
  assert.is(rig.call.sock_send!(fd, IOVS, 1, 1, COUNT), Errno.inval);
  assert.is(rig.call.sock_accept!(fd, 0, COUNT), Errno.inval);
  assert.is(rig.call.sock_accept!(LISTENER, 1, COUNT), Errno.inval);
  assert.is(rig.call.sock_shutdown!(fd, 4), Errno.inval);
  assert.is(rig.call.fd_sync!(fd), Errno.inval);
  peer.close();
});

test("closing stdio leaves the node's own open, and gives the numbers away", () => {
  const rig = new Rig();
  for (const fd of [0, 1, 2]) assert.is(rig.call.fd_close!(fd), 0);
  for (const fd of [0, 1, 2]) assert.is(rig.call.fd_close!(fd), Errno.badf);
  rig.drain();
  assert.ok(Deno.stderr.writeSync(new Uint8Array(0)) === 0);
});

test("accept gives mfile when all streams are in use", async () => {
  const { rig, port } = listeningRig();
  const peer = await Deno.connect({ port });
  const spare: number[] = [];
  while (!rig.slots.full) spare.push(rig.slots.allocate());
  assert.is(spare.length, MAX_STREAMS - 5);
  assert.is(rig.call.sock_accept!(LISTENER, 4, 0), Errno.mfile);
  rig.slots.free(spare.at(77)!);
  assert.is(rig.call.sock_accept!(LISTENER, 4, 0), 0);
  peer.close();
});

test("a failure that the peer caused is shown at the next write", async () => {
  const { rig, peer, fd } = await connectedRig();
  const stream = rig.kernel.fds.get(fd) as { output: number };
  rig.slots.fail(stream.output, Errno.pipe);
  rig.iovecs(IOVS, [BUFFER, 4]);
  assert.is(rig.call.fd_write!(fd, IOVS, 1, COUNT), Errno.pipe);
  assert.is(rig.call.sock_send!(fd, IOVS, 1, 0, COUNT), Errno.pipe);
  peer.close();
});

test.run();
