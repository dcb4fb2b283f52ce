// tour DIR ROUNDS CODE: the tour of README.md, in C++.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <format>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace fs = std::filesystem;
using namespace std::chrono;

static std::uint32_t sum = 2166136261u;

static void mix(const std::string &text) {
  for (unsigned char byte : text) sum = (sum ^ byte) * 16777619u;
}

static void must(bool holds, const char *what) {
  if (holds) return;
  std::cerr << "tour: cannot " << what << "\n";
  std::exit(1);
}

static void input() {
  std::size_t lines = 0, bytes = 0;
  for (std::string line; std::getline(std::cin, line); lines++) {
    bytes += line.size() + 1;
    std::cout << "| " << line << "\n";
  }
  std::cout << lines << " lines, " << bytes << " bytes\n";
}

static void wait_a_moment() {
  const auto before = steady_clock::now();
  std::this_thread::sleep_for(1ms);
  must(steady_clock::now() - before >= 1ms, "believe the clock");
}

static void journal(const fs::path &dir, int round) {
  std::random_device random;
  const std::uint64_t number = std::uint64_t{random()} << 32 | random();
  const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch());
  std::ofstream(dir / "journal", std::ios::app) << std::format("{} {} {:016x}\n", round, now.count(), number);
}

static void draft(const fs::path &work, int round) {
  {
    std::ofstream file(work / "draft");
    for (int line = 1; line <= round % 7 + 3; line++) file << "round " << round << " line " << line << "\n";
  }
  std::ofstream(work / "draft", std::ios::app) << "end of round " << round << "\n";
  fs::rename(work / "draft", work / "final");
  must(!std::ifstream(work / "draft"), "see that the draft is gone");
}

static void links(const fs::path &work) {
  fs::create_hard_link(work / "final", work / "twin");
  fs::create_symlink("final", work / "sign");
  must(fs::read_symlink(work / "sign") == "final", "read a symbolic link");
}

// Reads the file again: its text, and five bytes out of its middle.
static std::pair<std::string, std::string> check(const fs::path &work) {
  std::ifstream file(work / "final");
  std::string text(std::istreambuf_iterator<char>(file), {});
  must(fs::file_size(work / "final") == text.size(), "stat");
  mix(text);
  std::string middle(5, ' ');
  file.clear();
  file.seekg(6).read(middle.data(), 5);
  must(file.good(), "read the middle");
  return {text, middle};
}

static std::vector<std::string> names(const fs::path &work) {
  std::vector<std::string> list;
  for (const auto &entry : fs::directory_iterator(work)) list.push_back(entry.path().filename());
  std::ranges::sort(list);
  return list;
}

int main(int argc, char **argv) {
  must(argc == 4, "start: DIR ROUNDS CODE");
  std::cout << std::format("args {} {} {}\nTOUR {}\n", argv[1], argv[2], argv[3], std::getenv("TOUR"));
  input();
  const fs::path dir = argv[1], work = dir / "work";
  const int rounds = std::stoi(argv[2]);
  for (int round = 1; round <= rounds; round++) {
    fs::create_directory(work);
    draft(work, round);
    std::ofstream(work / "empty");
    links(work);
    const auto [text, middle] = check(work);
    std::cout << std::format("round {}: {} bytes, sum {:08x}, \"{}\",", round, text.size(), sum, middle);
    for (const auto &name : names(work)) {
      std::cout << " " << name;
      fs::remove(work / name);
    }
    fs::remove(work);
    std::cout << std::endl;
    journal(dir, round);
    wait_a_moment();
  }
  std::cout << std::format("total {:08x}\n", sum) << std::flush;
  std::cerr << "tour: done\n";
  return std::stoi(argv[3]);
}
