//! What befell other logs, on a served one. Those that need no server are in
//! `tests/incidents.rs`.

use std::process::ChildStdin;
use std::time::SystemTime;

use standstill::time::UnixSeconds;

use super::*;

/// A small disk that only the server sees, and a shell beside it that fills and empties it.
struct SmallDisk {
    shell: ChildStdin,
}

impl SmallDisk {
    /// Puts the log on a disk of 1 MiB and serves it; `None` if none can be mounted here.
    fn serve(log: &mut Served) -> Option<Self> {
        let mounted = Command::new("unshare")
            .args([
                "-rmpf",
                "--kill-child",
                "sh",
                "-c",
                "mount -t tmpfs tmpfs /mnt",
            ])
            .output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            return None;
        }
        let path = log.path();
        std::fs::create_dir(log.directory.path().join("disk")).unwrap();
        let mut shell = Command::new("unshare");
        shell
            .args(["-rmpf", "--kill-child", "sh", "-c"])
            .arg(
                "set -e; mount -t tmpfs -o size=1m tmpfs ../disk; cp -a . ../disk/log; \
                 cd ../disk; mount --bind log ../log; \"$0\" \"$@\" & \
                 while read -r line; do eval \"$line\"; done; kill $!; wait $! || true",
            )
            .arg(PROGRAM)
            .current_dir(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        log.start(&mut shell);
        let shell = log.server.as_mut()?.stdin.take()?;
        Some(Self { shell })
    }

    /// Runs a line of the shell, to its end.
    fn run(&mut self, log: &Served, line: &str) {
        let done = log.directory.path().join("done");
        writeln!(self.shell, "{{ {line}; }} 2>/dev/null || true; : > ../done").unwrap();
        wait_until(|| done.exists());
        std::fs::remove_file(done).unwrap();
    }
}

fn wait_until(mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < Duration::from_secs(30), "it never is");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Mammoth 2024h1 (2024): the disk ran full, its database broke, and what had been
/// acknowledged was never in the log.
// spec: log-35
#[test]
fn mammoth_2024h1_a_disk_that_runs_full_loses_nothing_that_was_acknowledged() {
    let mut log = Served::new();
    assert_eq!(log.add(b"while there was room").index(), 0);
    log.stop();
    let Some(mut disk) = SmallDisk::serve(&mut log) else {
        eprintln!("no small disk can be mounted here: a served log on a full disk was not tried");
        return;
    };
    let mut acknowledged = vec![b"while there was room".to_vec()];
    // At first the log itself fills it, then something else does, to the last byte.
    for round in 0..2_u8 {
        if round == 1 {
            disk.run(&log, "cat /dev/zero > filler");
        }
        let refused = (0..100_u8).find_map(|number| {
            let entry = vec![number ^ round; 30_000];
            let answer = log.add(&entry);
            if answer.status != 200 {
                return Some(answer);
            }
            assert_eq!(answer.index(), count(&acknowledged));
            acknowledged.push(entry);
            None
        });
        let refused = refused.expect("the disk is never full");
        assert_eq!(refused.status, 503, "{refused:?}");
        assert!(refused.head.contains("retry-after: "), "{refused:?}");
        assert!(refused.text().contains("No space left"), "{refused:?}");
        assert_eq!(log.get("/healthz").status, 503);
        // What is there is served.
        let note = log.get("/checkpoint");
        let served = SignedCheckpoint::open(&note.body, &log.key).unwrap();
        assert!(served.checkpoint().size >= count(&acknowledged));
        // Once there is room it goes on; what was refused may be in the log all the same.
        disk.run(&log, "rm -f filler; mount -o remount,size=64m .");
        let mut index = None;
        wait_until(|| {
            let answer = log.add(&[b'r', round]);
            index = (answer.status == 200).then(|| answer.index());
            index.is_some()
        });
        let found = index.unwrap();
        assert!(found >= count(&acknowledged));
        acknowledged.resize(usize::try_from(found).unwrap(), Vec::new());
        acknowledged.push(vec![b'r', round]);
        assert_eq!(log.get("/healthz").status, 200);
    }
    disk.run(&log, "cp -a log ../kept");
    drop(disk);
    let files = Directory::new(log.directory.path().join("kept/log"));
    let reader = LogReader::new(&files);
    let size = reader.check(&log.key).unwrap().size;
    let bundles = 0..size.div_ceil(256);
    let kept: Vec<_> = bundles
        .flat_map(|bundle| reader.entries(bundle, size).unwrap())
        .collect();
    for (index, entry) in acknowledged.iter().enumerate() {
        // Empty where it was refused.
        assert!(entry.is_empty() || *entry == kept[index], "{index}");
    }
}

/// A disk becomes read-only, as file systems make it after an error of the device.
// spec: log-35
#[test]
fn a_disk_that_becomes_read_only_stops_the_log_and_readers_are_still_served() {
    let mut log = Served::new();
    assert_eq!(log.add(b"first").index(), 0);
    log.stop();
    let Some(mut disk) = SmallDisk::serve(&mut log) else {
        eprintln!("no small disk can be mounted here: a read-only disk was not tried");
        return;
    };
    assert_eq!(log.add(b"second").index(), 1);
    // Outside, so that what it says can be read.
    disk.run(&log, "mount -o remount,ro . 2>../why && : >../remounted");
    let path = |name: &str| log.directory.path().join(name);
    let why = std::fs::read_to_string(path("why")).unwrap();
    assert!(path("remounted").exists(), "{why}");
    let before = log.get("/checkpoint");
    assert_eq!(before.status, 200);
    for _ in 0..3 {
        let refused = log.add(b"while it cannot be written");
        assert_eq!(refused.status, 503, "{refused:?}");
        assert!(refused.head.contains("retry-after: "), "{refused:?}");
        assert!(refused.text().contains("Read-only"), "{refused:?}");
        assert_eq!(log.get("/healthz").status, 503);
        assert_eq!(log.get("/checkpoint").body, before.body);
        assert_eq!(log.get("/tile/entries/000.p/2").status, 200);
        std::thread::sleep(Duration::from_millis(600));
    }
    disk.run(&log, "mount -o remount,rw .");
    let mut index = None;
    wait_until(|| {
        let answer = log.add(b"third");
        index = (answer.status == 200).then(|| answer.index());
        index.is_some()
    });
    assert_eq!(index, Some(2));
    assert_eq!(log.get("/healthz").status, 200);
}

fn count(entries: &[Vec<u8>]) -> u64 {
    u64::try_from(entries.len()).unwrap()
}

/// The clock of this machine, moved.
fn clock(ahead: u64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = now.unwrap().as_secs() + ahead;
    UnixSeconds::new(seconds).unwrap().to_string()
}

/// Mammoth 2025h1 (2024): a tree head older than what it held, because a clock was wrong.
///
/// Here a process with a clock ahead of this machine's wrote last: to all that follow it,
/// the clock was set back.
#[test]
fn mammoth_2025h1_a_clock_set_back_stops_the_log_until_it_has_caught_up() {
    let mut log = Served::new();
    assert_eq!(log.add(b"before").index(), 0);
    log.stop();
    let path = log.path();
    std::fs::remove_dir_all(&path).unwrap();
    let ahead = clock(6);
    let made = Command::new(PROGRAM)
        .args(["--simulated-time", &ahead, "log", "init", "--plain"])
        .args(["--origin", "log.example/served"])
        .arg(&path)
        .output()
        .unwrap();
    log.key = String::from_utf8(made.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();

    // At the start it is refused.
    let refused = Command::new(PROGRAM)
        .args(["log", "serve", "--admit", "any", "--listen", "127.0.0.1:0"])
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.starts_with("error: the clock says "), "{told}");

    // One that is opened at a later time, and whose clock is set back while it runs.
    let mut program = Command::new(PROGRAM);
    program.args(["--simulated-time", &ahead]);
    log.start(&mut program);
    let before = log.get("/checkpoint").body;
    let answer = log.add(b"too early");
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.head.contains("retry-after: "), "{answer:?}");
    assert!(answer.text().contains("the clock says "), "{answer:?}");
    assert_eq!(log.get("/checkpoint").body, before);

    // When the clock has caught up, it is taken, by the same process.
    let mut index = None;
    wait_until(|| {
        let answer = log.add(b"in time");
        index = (answer.status == 200).then(|| answer.index());
        index.is_some()
    });
    assert_eq!(index, Some(0));
    assert_eq!(log.entries(), [b"in time"]);
}
