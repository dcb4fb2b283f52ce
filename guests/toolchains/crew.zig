//! crew THREADS JOBS: threads of Zig's standard library (std.Thread, Io.Mutex, Io.Condition, thread-local variables)
//! share JOBS jobs; the last of the output's numbers depends on who did which, the others do not.
const std = @import("std");
const Io = std.Io;
const Allocator = std.mem.Allocator;

/// The usual one needs an allocator that there is only for one thread.
pub const panic = std.debug.simple_panic;

const queue_size = 4;
const stack_size = 65536;

const Crew = struct {
    io: Io,
    mutex: Io.Mutex = .init,
    changed: Io.Condition = .init,
    open: bool = false,
    closed: bool = false,
    queue: [queue_size]u32 = undefined,
    count: usize = 0,
    done: std.atomic.Value(u32) = .init(0),
    sum: std.atomic.Value(u32) = .init(0),
    order: u32 = 0,

    fn start(crew: *Crew) void {
        crew.mutex.lockUncancelable(crew.io);
        defer crew.mutex.unlock(crew.io);
        crew.open = true;
        crew.changed.broadcast(crew.io);
    }

    /// Waits for the start.
    fn begin(crew: *Crew) void {
        crew.mutex.lockUncancelable(crew.io);
        defer crew.mutex.unlock(crew.io);
        while (!crew.open) crew.changed.waitUncancelable(crew.io, &crew.mutex);
    }

    fn put(crew: *Crew, job: u32) void {
        crew.mutex.lockUncancelable(crew.io);
        defer crew.mutex.unlock(crew.io);
        while (crew.count == queue_size) crew.changed.waitUncancelable(crew.io, &crew.mutex);
        crew.queue[crew.count] = job;
        crew.count += 1;
        crew.changed.broadcast(crew.io);
    }

    /// The job that came last; null: there are no more.
    fn take(crew: *Crew, number: u32) ?u32 {
        crew.mutex.lockUncancelable(crew.io);
        defer crew.mutex.unlock(crew.io);
        while (crew.count == 0) {
            if (crew.closed) return null;
            crew.changed.waitUncancelable(crew.io, &crew.mutex);
        }
        crew.count -= 1;
        crew.order = crew.order *% 31 +% crew.queue[crew.count] *% 7 +% number;
        crew.changed.broadcast(crew.io);
        return crew.queue[crew.count];
    }

    fn close(crew: *Crew) void {
        crew.mutex.lockUncancelable(crew.io);
        defer crew.mutex.unlock(crew.io);
        crew.closed = true;
        crew.changed.broadcast(crew.io);
    }
};

threadlocal var own_jobs: u32 = 0;
threadlocal var own_sum: u32 = own_start;
const own_start = 0x9e37;

fn hash(job: u32) u32 {
    var x: u32 = job + 1;
    for (0..1000) |_| x = (x ^ x >> 15) *% 0x9e3779b1;
    return x;
}

fn work(crew: *Crew, number: u32, gpa: Allocator) !void {
    crew.begin();
    while (crew.take(number)) |job| {
        const results = try gpa.alloc(u32, 100);
        defer gpa.free(results);
        @memset(results, hash(job));
        own_jobs += 1;
        own_sum +%= results[job % results.len];
    }
    _ = crew.done.fetchAdd(own_jobs, .monotonic);
    _ = crew.sum.fetchAdd(own_sum -% own_start, .monotonic);
}

/// Pages from the end of the memory, never given back; the library's own allocators of pages are for one thread.
const pages: Allocator = .{ .ptr = undefined, .vtable = &.{
    .alloc = growPages,
    .resize = Allocator.noResize,
    .remap = Allocator.noRemap,
    .free = Allocator.noFree,
} };

fn growPages(_: *anyopaque, len: usize, _: std.mem.Alignment, _: usize) ?[*]u8 {
    const place = @wasmMemoryGrow(0, (len + std.wasm.page_size - 1) / std.wasm.page_size);
    return if (place < 0) null else @ptrFromInt(@as(usize, @intCast(place)) * std.wasm.page_size);
}

pub fn main(init: std.process.Init.Minimal) !void {
    var arena: std.heap.ArenaAllocator = .init(pages);
    const gpa = arena.allocator();
    var threaded: Io.Threaded = .init(.failing, .{});
    const io = threaded.io();
    const args = try init.args.toSlice(gpa);
    const threads = try gpa.alloc(std.Thread, try std.fmt.parseInt(u32, if (args.len > 1) args[1] else "4", 10));
    const jobs = try std.fmt.parseInt(u32, if (args.len > 2) args[2] else "1000", 10);
    var crew: Crew = .{ .io = io };
    for (threads, 0..) |*thread, number| {
        const config: std.Thread.SpawnConfig = .{ .allocator = gpa, .stack_size = stack_size };
        thread.* = try std.Thread.spawn(config, work, .{ &crew, @as(u32, @intCast(number)), gpa });
    }
    crew.start();
    for (0..jobs) |job| crew.put(@intCast(job));
    crew.close();
    for (threads) |thread| thread.join();
    var buffer: [256]u8 = undefined;
    var stdout = Io.File.stdout().writerStreaming(io, &buffer);
    const results = .{ crew.done.raw, crew.sum.raw, crew.order };
    try stdout.interface.print("crew: {d} jobs, sum {x:0>8}, order {x:0>8}\n", results);
    try stdout.interface.flush();
}
