//! tour DIR ROUNDS CODE: the tour of README.md, in Zig.
const std = @import("std");
const Io = std.Io;
const Fnv = std.hash.Fnv1a_32;

const pause: Io.Duration = .fromMilliseconds(1);

fn input(io: Io, out: *Io.Writer) !void {
    var buffer: [4096]u8 = undefined;
    var stdin = Io.File.stdin().readerStreaming(io, &buffer);
    var lines: usize = 0;
    var bytes: usize = 0;
    while (try stdin.interface.takeDelimiter('\n')) |line| {
        lines += 1;
        bytes += line.len + 1;
        try out.print("| {s}\n", .{line});
    }
    try out.print("{d} lines, {d} bytes\n", .{ lines, bytes });
}

fn waitAMoment(io: Io) !void {
    const before = Io.Clock.awake.now(io);
    try io.sleep(pause, .awake);
    const passed = before.durationTo(Io.Clock.awake.now(io));
    if (passed.nanoseconds < pause.nanoseconds) return error.ClockWentBack;
}

fn append(dir: Io.Dir, io: Io, path: []const u8, comptime format: []const u8, values: anytype) !void {
    const file = try dir.createFile(io, path, .{ .truncate = false });
    defer file.close(io);
    var buffer: [256]u8 = undefined;
    var writer = file.writer(io, &buffer);
    try writer.seekTo(try file.length(io));
    try writer.interface.print(format, values);
    try writer.interface.flush();
}

fn journal(dir: Io.Dir, io: Io, round: u32) !void {
    var number: [8]u8 = undefined;
    try io.randomSecure(&number);
    const now = Io.Clock.real.now(io).toMilliseconds();
    try append(dir, io, "journal", "{d} {d} {x}\n", .{ round, now, &number });
}

fn draft(dir: Io.Dir, io: Io, round: u32) !void {
    {
        const file = try dir.createFile(io, "work/draft", .{ .exclusive = true });
        defer file.close(io);
        var buffer: [64]u8 = undefined;
        var writer = file.writerStreaming(io, &buffer);
        for (1..round % 7 + 4) |line| {
            try writer.interface.print("round {d} line {d}\n", .{ round, line });
        }
        try writer.interface.flush();
    }
    try append(dir, io, "work/draft", "end of round {d}\n", .{round});
    try dir.rename("work/draft", dir, "work/final", io);
    if (dir.openFile(io, "work/draft", .{})) |_| {
        return error.DraftIsStillThere;
    } else |err| if (err != error.FileNotFound) return err;
}

fn links(dir: Io.Dir, io: Io) !void {
    try dir.hardLink("work/final", dir, "work/twin", io, .{});
    try dir.symLink(io, "final", "work/sign", .{});
    var buffer: [64]u8 = undefined;
    const target = buffer[0..try dir.readLink(io, "work/sign", &buffer)];
    if (!std.mem.eql(u8, target, "final")) return error.SignIsWrong;
}

/// Reads the file again: gives its size, and five bytes out of its middle.
fn check(dir: Io.Dir, io: Io, sum: *Fnv, middle: *[5]u8) !usize {
    const file = try dir.openFile(io, "work/final", .{});
    defer file.close(io);
    var buffer: [64]u8 = undefined;
    var reader = file.reader(io, &buffer);
    var text: [4096]u8 = undefined;
    const size = try reader.interface.readSliceShort(&text);
    if ((try file.stat(io)).size != size) return error.StatDiffers;
    sum.update(text[0..size]);
    try reader.seekTo(6);
    try reader.interface.readSliceAll(middle);
    return size;
}

fn lessThan(_: void, a: []const u8, b: []const u8) bool {
    return std.mem.lessThan(u8, a, b);
}

fn names(work: Io.Dir, io: Io, arena: std.mem.Allocator) ![]const []const u8 {
    var list: std.ArrayList([]const u8) = .empty;
    var entries = work.iterate();
    while (try entries.next(io)) |entry| try list.append(arena, try arena.dupe(u8, entry.name));
    std.mem.sort([]const u8, list.items, {}, lessThan);
    return list.items;
}

fn tour(dir: Io.Dir, io: Io, round: u32, sum: *Fnv, arena: std.mem.Allocator, out: *Io.Writer) !void {
    try dir.createDir(io, "work", .default_dir);
    try draft(dir, io, round);
    try dir.writeFile(io, .{ .sub_path = "work/empty", .data = "" });
    try links(dir, io);
    var middle: [5]u8 = undefined;
    const size = try check(dir, io, sum, &middle);
    try out.print("round {d}: {d} bytes, sum {x:0>8}, \"{s}\",", .{ round, size, sum.final(), &middle });
    const work = try dir.openDir(io, "work", .{ .iterate = true });
    for (try names(work, io, arena)) |name| {
        try out.print(" {s}", .{name});
        try work.deleteFile(io, name);
    }
    work.close(io);
    try dir.deleteDir(io, "work");
    try out.writeAll("\n");
    try out.flush();
}

pub fn main(init: std.process.Init) !void {
    const io = init.io;
    const args = try init.minimal.args.toSlice(init.arena.allocator());
    var buffer: [1024]u8 = undefined;
    var stdout = Io.File.stdout().writerStreaming(io, &buffer);
    const out = &stdout.interface;
    try out.print("args {s} {s} {s}\n", .{ args[1], args[2], args[3] });
    try out.print("TOUR {s}\n", .{init.environ_map.get("TOUR").?});
    try input(io, out);
    const dir = init.preopens.get(args[1]).?.dir;
    const rounds = try std.fmt.parseInt(u32, args[2], 10);
    var sum: Fnv = .init();
    for (1..rounds + 1) |round| {
        var arena: std.heap.ArenaAllocator = .init(init.gpa);
        defer arena.deinit();
        try tour(dir, io, @intCast(round), &sum, arena.allocator(), out);
        try journal(dir, io, @intCast(round));
        try waitAMoment(io);
    }
    try out.print("total {x:0>8}\n", .{sum.final()});
    try out.flush();
    std.debug.print("tour: done\n", .{});
    std.process.exit(try std.fmt.parseInt(u8, args[3], 10));
}
