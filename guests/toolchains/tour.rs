//! tour DIR ROUNDS CODE: the tour of README.md, in Rust.

use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, process, thread};

const PAUSE: Duration = Duration::from_millis(1);

fn mix(sum: u32, text: &str) -> u32 {
    text.bytes().fold(sum, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(16777619))
}

fn input() -> io::Result<()> {
    let (mut lines, mut bytes) = (0, 0);
    for line in io::stdin().lock().lines() {
        let line = line?;
        lines += 1;
        bytes += line.len() + 1;
        println!("| {line}");
    }
    println!("{lines} lines, {bytes} bytes");
    Ok(())
}

fn wait_a_moment() {
    let before = Instant::now();
    thread::sleep(PAUSE);
    assert!(before.elapsed() >= PAUSE, "the clock is not to be believed");
}

fn journal(dir: &Path, round: u32) -> io::Result<()> {
    let number = RandomState::new().build_hasher().finish();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    let mut file = OpenOptions::new().append(true).create(true).open(dir.join("journal"))?;
    writeln!(file, "{round} {} {number:016x}", now.as_millis())
}

fn draft(work: &Path, round: u32) -> io::Result<()> {
    let (draft, last) = (work.join("draft"), work.join("final"));
    let mut file = OpenOptions::new().write(true).create_new(true).open(&draft)?;
    for line in 1..=round % 7 + 3 {
        writeln!(file, "round {round} line {line}")?;
    }
    drop(file);
    writeln!(OpenOptions::new().append(true).open(&draft)?, "end of round {round}")?;
    fs::rename(&draft, &last)?;
    let gone = File::open(&draft).expect_err("the draft is still there");
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    Ok(())
}

#[allow(deprecated)] // The only stable way to a symbolic link on this target.
fn links(work: &Path) -> io::Result<()> {
    fs::hard_link(work.join("final"), work.join("twin"))?;
    fs::soft_link("final", work.join("sign"))?;
    assert_eq!(fs::read_link(work.join("sign"))?, Path::new("final"));
    Ok(())
}

/// Reads the file again: its text, and five bytes out of its middle.
fn check(work: &Path) -> io::Result<(String, String)> {
    let mut file = File::open(work.join("final"))?;
    let (mut text, mut middle) = (String::new(), [0; 5]);
    file.read_to_string(&mut text)?;
    assert_eq!(file.metadata()?.len(), text.len() as u64);
    file.seek(SeekFrom::Start(6))?;
    file.read_exact(&mut middle)?;
    Ok((text, String::from_utf8_lossy(&middle).into_owned()))
}

fn clear(work: &Path) -> io::Result<Vec<String>> {
    let mut names = fs::read_dir(work)?
        .map(|entry| Ok(entry?.file_name().into_string().expect("UTF-8")))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    for name in &names {
        fs::remove_file(work.join(name))?;
    }
    fs::remove_dir(work)?;
    Ok(names)
}

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    println!("args {}", args.join(" "));
    println!("TOUR {}", env::var("TOUR").expect("TOUR is set"));
    input()?;
    let dir = Path::new(&args[0]);
    let work = dir.join("work");
    let rounds: u32 = args[1].parse().expect("a number of rounds");
    let mut sum = 2166136261;
    for round in 1..=rounds {
        fs::create_dir(&work)?;
        draft(&work, round)?;
        File::create(work.join("empty"))?;
        links(&work)?;
        let (text, middle) = check(&work)?;
        sum = mix(sum, &text);
        let names = clear(&work)?.join(" ");
        println!("round {round}: {} bytes, sum {sum:08x}, {middle:?}, {names}", text.len());
        journal(dir, round)?;
        wait_a_moment();
    }
    println!("total {sum:08x}");
    eprintln!("tour: done");
    process::exit(args[2].parse().expect("an exit code"))
}
