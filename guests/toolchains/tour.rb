# tour DIR ROUNDS CODE: the tour of README.md, in Ruby.
require "securerandom"

PAUSE = 0.001
MASK = 0xffffffff

def mix(sum, text)
  text.each_byte.inject(sum) { |all, byte| (all ^ byte) * 16777619 & MASK }
end

def input
  bytes = 0
  lines = $stdin.each_line.map do |line|
    bytes += line.bytesize
    puts "| #{line}"
  end
  puts "#{lines.size} lines, #{bytes} bytes"
end

def wait_a_moment
  before = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  sleep PAUSE
  passed = Process.clock_gettime(Process::CLOCK_MONOTONIC) - before
  raise "the clock is not to be believed" if passed < PAUSE
end

def journal(round)
  File.open("journal", "a") do |file|
    file.puts "#{round} #{(Time.now.to_r * 1000).to_i} #{SecureRandom.hex(8)}"
  end
end

def draft(round)
  File.open("work/draft", File::WRONLY | File::CREAT | File::EXCL) do |file|
    (1..round % 7 + 3).each { |line| file.puts "round #{round} line #{line}" }
  end
  File.write("work/draft", "end of round #{round}\n", mode: "a")
  File.rename("work/draft", "work/final")
  begin
    File.open("work/draft")
    raise "the draft is still there"
  rescue Errno::ENOENT
  end
end

def links
  File.link("work/final", "work/twin")
  File.symlink("final", "work/sign")
  raise "the sign is wrong" unless File.readlink("work/sign") == "final"
end

# Reads the file again: its text, and five bytes out of its middle.
def check
  File.open("work/final") do |file|
    text = file.read
    raise "stat differs" unless file.stat.size == text.bytesize
    file.seek(6)
    [text, file.read(5)]
  end
end

dir, rounds, code = ARGV
puts "args #{ARGV.join(" ")}"
puts "TOUR #{ENV["TOUR"]}"
input
Dir.chdir(dir)
sum = 2166136261
(1..rounds.to_i).each do |round|
  Dir.mkdir("work")
  draft(round)
  File.write("work/empty", "")
  links
  text, middle = check
  sum = mix(sum, text)
  names = Dir.children("work").sort
  names.each { |name| File.delete("work/#{name}") }
  Dir.rmdir("work")
  puts format("round %d: %d bytes, sum %08x, %p, %s", round, text.bytesize, sum, middle, names.join(" "))
  $stdout.flush
  journal(round)
  wait_a_moment
end
puts format("total %08x", sum)
warn "tour: done"
exit code.to_i
