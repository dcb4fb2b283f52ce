// tour DIR ROUNDS CODE: the tour of README.md, in Go.
package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const pause = time.Millisecond

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "tour:", err)
		os.Exit(1)
	}
}

func got[T any](value T, err error) T {
	must(err)
	return value
}

func input() {
	lines, bytes := 0, 0
	scanner := bufio.NewScanner(os.Stdin)
	for scanner.Scan() {
		lines++
		bytes += len(scanner.Bytes()) + 1
		fmt.Println("|", scanner.Text())
	}
	must(scanner.Err())
	fmt.Printf("%d lines, %d bytes\n", lines, bytes)
}

func put(path string, flags int, format string, values ...any) {
	file := got(os.OpenFile(path, os.O_WRONLY|os.O_CREATE|flags, 0o644))
	fmt.Fprintf(file, format, values...)
	must(file.Close())
}

// Two goroutines sleep, so that the scheduler has something to choose.
func waitAMoment() {
	before := time.Now()
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { time.Sleep(pause) })
	}
	both.Wait()
	if time.Since(before) < pause {
		must(errors.New("the clock is not to be believed"))
	}
}

func journal(dir string, round int) {
	number := make([]byte, 8)
	got(rand.Read(number))
	put(filepath.Join(dir, "journal"), os.O_APPEND, "%d %d %x\n", round, time.Now().UnixMilli(), number)
}

func draft(work string, round int) {
	path := filepath.Join(work, "draft")
	var text strings.Builder
	for line := 1; line <= round%7+3; line++ {
		fmt.Fprintf(&text, "round %d line %d\n", round, line)
	}
	put(path, os.O_EXCL, "%s", text.String())
	put(path, os.O_APPEND, "end of round %d\n", round)
	must(os.Rename(path, filepath.Join(work, "final")))
	if _, err := os.Open(path); !errors.Is(err, fs.ErrNotExist) {
		must(fmt.Errorf("the draft is not gone: %w", err))
	}
}

func links(work string) {
	sign := filepath.Join(work, "sign")
	must(os.Link(filepath.Join(work, "final"), filepath.Join(work, "twin")))
	must(os.Symlink("final", sign))
	if target := got(os.Readlink(sign)); target != "final" {
		must(fmt.Errorf("the sign points to %s", target))
	}
}

// Reads the file again; gives its size and five bytes out of its middle.
func check(work string, sum hash.Hash32) (int64, string) {
	file := got(os.Open(filepath.Join(work, "final")))
	defer file.Close()
	size := got(io.Copy(sum, file))
	if stat := got(file.Stat()); stat.Size() != size {
		must(fmt.Errorf("%d bytes, and stat says %d", size, stat.Size()))
	}
	middle := make([]byte, 5)
	got(file.Seek(6, io.SeekStart))
	got(io.ReadFull(file, middle))
	return size, string(middle)
}

func clear(work string) string {
	var names []string
	for _, entry := range got(os.ReadDir(work)) {
		names = append(names, entry.Name())
		must(os.Remove(filepath.Join(work, entry.Name())))
	}
	must(os.Remove(work))
	return strings.Join(names, " ")
}

func main() {
	fmt.Println("args", strings.Join(os.Args[1:], " "))
	fmt.Println("TOUR", os.Getenv("TOUR"))
	input()
	dir := os.Args[1]
	work := filepath.Join(dir, "work")
	sum := fnv.New32a()
	for round := 1; round <= got(strconv.Atoi(os.Args[2])); round++ {
		must(os.Mkdir(work, 0o755))
		draft(work, round)
		put(filepath.Join(work, "empty"), 0, "")
		links(work)
		size, middle := check(work, sum)
		names := clear(work)
		fmt.Printf("round %d: %d bytes, sum %08x, %q, %s\n", round, size, sum.Sum32(), middle, names)
		journal(dir, round)
		waitAMoment()
	}
	fmt.Printf("total %08x\n", sum.Sum32())
	fmt.Fprintln(os.Stderr, "tour: done")
	os.Exit(got(strconv.Atoi(os.Args[3])))
}
