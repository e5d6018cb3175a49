//! What a watcher finds in the place of a file, and outlives: it says so once, waits without work, and
//! puts right what stands there afterwards.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::exec::debugging;
use crate::support::{Faults, GATEWAY, Mounts, Sandbox, TOKEN, is_root};
use crate::watch::{Guard, events, is_stable, store, without_token};

/// The time that a process has used so far.
fn used(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields = stat.rsplit(") ").next().unwrap().split(' ');
    let ticks: u64 = fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

impl Guard<'_> {
    /// For a second it uses next to no time.
    #[track_caller]
    fn rests(&self) {
        let pid = self.running().id();
        let spent = used(pid);
        std::thread::sleep(Duration::from_secs(1));
        let spent = used(pid).saturating_sub(spent);
        assert!(spent < Duration::from_millis(250), "{spent:?} in a second, for nothing");
    }
}

/// `place` puts something into the place of the file that is none: the file is back, and what stood
/// there is beside it.
#[track_caller]
fn moves_away(place: impl Fn(&Path), is_it: impl Fn(fs::FileType) -> bool) {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    fs::remove_file(sandbox.config_path()).unwrap();
    place(sandbox.config_path());
    let event = guard.tells("healed", 0);
    sandbox.holds(GATEWAY);
    assert!(event["repaired"][0].as_str().unwrap().ends_with("openclaw.json"), "{event}");
    let kept = sandbox.leftovers().into_iter().find(|name| name.contains(".kept")).unwrap();
    assert!(is_it(fs::symlink_metadata(sandbox.path(&kept)).unwrap().file_type()), "{kept}");
    guard.rests();
    // What comes next is judged as ever.
    store(&sandbox, &without_token(&debugging()));
    guard.heals_to(&debugging());
    guard.stop();
}

#[test]
fn a_directory_in_the_place_of_the_file() {
    moves_away(|file| fs::create_dir(file).unwrap(), |found| found.is_dir());
}

/// Nobody writes to it, and whoever opens it waits for ever.
#[test]
fn a_pipe_in_the_place_of_the_file() {
    let make = |file: &Path| {
        assert!(Command::new("mkfifo").arg(file).status().unwrap().success());
    };
    moves_away(make, |found| found.is_fifo());
}

/// The name leads nowhere, not even to the history of the file.
#[test]
fn a_link_to_itself_in_the_place_of_the_file() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    fs::remove_file(sandbox.config_path()).unwrap();
    symlink("openclaw.json", sandbox.config_path()).unwrap();
    guard.rests();
    store(&sandbox, &without_token(&debugging()));
    guard.heals_to(&debugging());
    let event = guard.tells("failed", 0);
    assert!(event["why"].as_str().unwrap().contains("form a loop"), "{event}");
    guard.stop();
}

/// It is told once, tried again ever later, and read by nobody.
#[test]
fn two_gigabytes_in_the_place_of_the_file() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    fs::File::create(sandbox.config_path()).unwrap().set_len(2 << 30).unwrap();
    let event = guard.tells("failed", 0);
    assert!(event["why"].as_str().unwrap().contains("larger than"), "{event}");
    assert!(event["next_try_ms"].is_u64(), "{event}");
    guard.rests();
    let failed = events(&sandbox).into_iter().filter(|event| event["kind"] == "failed");
    assert_eq!(failed.count(), 1, "once is enough");
    store(&sandbox, &without_token(&debugging()));
    guard.heals_to(&debugging());
    guard.stop();
}

#[test]
fn permission_is_lost_and_comes_back() {
    let sandbox = Sandbox::config(GATEWAY);
    if is_root() {
        sandbox.admit(0o700);
        fs::create_dir(sandbox.home().join("state")).unwrap();
        let own =
            [sandbox.path(""), sandbox.config_path().to_owned(), sandbox.home().join("state")];
        for path in own {
            chown(path, Some(65534), Some(65534)).unwrap();
        }
    }
    let mut guard = Guard::started(&sandbox, sandbox.invoke(["watch"]).unprivileged());
    let mode = |mode| {
        fs::set_permissions(sandbox.config_path(), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o000);
    // In place: it is somebody's who may still write it.
    if is_root() {
        fs::write(sandbox.config_path(), without_token(&debugging())).unwrap();
    }
    let event = guard.tells("failed", 0);
    assert!(event["why"].as_str().unwrap().contains("ermission denied"), "{event}");
    mode(0o600);
    fs::write(sandbox.config_path(), without_token(&debugging())).unwrap();
    guard.heals_to(&debugging());
    guard.stop();
}

/// What is put back is in memory: the history is where it is kept, not what is needed.
#[test]
fn a_history_that_cannot_be_written_stops_no_heal() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    let files = sandbox.home().join("state/confwarden/files");
    let mut folders = fs::read_dir(&files).unwrap().map(|entry| entry.unwrap().path());
    let folder = folders.find(|path| path.is_dir()).unwrap();
    let snapshots = folder.join("snapshots");
    fs::remove_dir_all(&snapshots).unwrap();
    fs::write(&snapshots, "in the way").unwrap();
    store(&sandbox, &without_token(&debugging()));
    guard.heals_to(&debugging());
    let healed = guard.tells("healed", 0);
    assert_eq!(healed["put_back"][0]["path"], "gateway.auth.token", "{healed}");
    let failed = guard.tells("failed", 0);
    let why = failed["why"].as_str().unwrap();
    assert!(why.contains("could not keep") && why.contains("snapshots"), "{failed}");
    // Again, and again after the way is free.
    store(&sandbox, &without_token(GATEWAY));
    guard.heals_to(GATEWAY);
    fs::remove_file(&snapshots).unwrap();
    store(&sandbox, &without_token(&debugging()));
    guard.heals_to(&debugging());
    guard.stop();
    assert!(snapshots.is_dir(), "the history goes on");
}

/// openclaw PR#59196: the disk is full. The good text stays in memory until there is room for it.
#[test]
fn fs_17_a_full_disk_is_told_and_healed_when_there_is_room() {
    let Some(mounts) = Mounts::allowed() else { return };
    let sandbox = Sandbox::config(GATEWAY).with("source", GATEWAY);
    let words = mounts.after(
        "mount -t tmpfs -o size=64k,mode=700 none \"$1\"\ncat \"$2\" > \"$1/openclaw.json\"\n\
         chmod 600 \"$1/openclaw.json\"",
        &[&sandbox.path(""), &sandbox.home().join("source")],
    );
    fs::rename(sandbox.path("source"), sandbox.home().join("source")).unwrap();
    let mut guard = Guard::started(&sandbox, sandbox.invoke(["watch"]).under(words));
    // The same directory, as the watcher sees it.
    let inside = format!("/proc/{}/root{}", guard.running().id(), sandbox.path("").display());
    let (config, filler) = (format!("{inside}/openclaw.json"), format!("{inside}/filler"));
    let fill = || {
        let mut size = 1 << 16;
        let mut file = fs::File::create(&filler).unwrap();
        while size > 0 {
            if std::io::Write::write_all(&mut file, &vec![b'x'; size]).is_err() {
                size /= 2;
            }
        }
    };
    fill();
    // In place, into the room that it has.
    fs::write(&config, without_token(GATEWAY)).unwrap();
    let event = guard.tells("failed", 0);
    assert!(event["why"].as_str().unwrap().contains("o space left"), "{event}");
    assert!(event["next_try_ms"].is_u64(), "{event}");
    assert_eq!(fs::read_to_string(&config).unwrap(), without_token(GATEWAY), "cut by nobody");
    fs::remove_file(&filler).unwrap();
    guard.until("the token", || fs::read_to_string(&config).unwrap() == GATEWAY);
    guard.tells("healed", 0);
    guard.stop();
}

#[test]
fn a_profile_that_became_nonsense_is_not_taken() {
    let profile =
        "version = 1\nname = \"house\"\nprotected = [\"gateway.auth.token\", \"logging.level\"]\n";
    let sandbox = Sandbox::config(GATEWAY).with("house.toml", profile);
    let path = sandbox.path("house.toml").display().to_string();
    let config = sandbox.config_path().display().to_string();
    let sandbox = sandbox.always(&["--profile", &path, "--config", &config]);
    let mut guard = Guard::of(&sandbox);
    fs::write(&path, "protected = nonsense with a fake-token-5d41402abc4b2a76").unwrap();
    guard.running().signal(Signal::HUP);
    // Without a profile nobody can ask for events.
    std::thread::sleep(Duration::from_secs(1));
    fs::write(&path, profile).unwrap();
    let event = guard.tells("failed", 0);
    assert_eq!(event["what"], "read the profile anew", "{event}");
    // It still protects what it did.
    store(&sandbox, &GATEWAY.replace("  logging: { level: \"info\" },\n", "  logging: {},\n"));
    guard.until("the level", || sandbox.text().contains("info") && is_stable(&sandbox));
    guard.stop();
    assert!(!events(&sandbox).iter().any(|event| event.to_string().contains(TOKEN)));
}

/// systemd counts the time to the end from it, and starts nothing that conflicts meanwhile.
#[test]
fn that_it_stops_is_told_before_the_last_heal_not_after() {
    let Some(faults) = Faults::allowed() else { return };
    let sandbox = Sandbox::config(GATEWAY);
    let socket = sandbox.path("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let hears = |wanted: &str| {
        let mut heard = [0; 512];
        loop {
            let length = manager.recv(&mut heard).expect(wanted);
            if heard[..length].split(|byte| *byte == b'\n').any(|line| line == wanted.as_bytes()) {
                break;
            }
        }
    };
    let slow = faults.with("fsync:delay_enter=1000000");
    let mut running = sandbox.invoke(["watch"]).env("NOTIFY_SOCKET", &socket).under(slow).start();
    running.until_locked(&sandbox);
    hears("READY=1");
    store(&sandbox, &without_token(GATEWAY));
    running.signal(Signal::TERM);
    hears("STOPPING=1");
    assert_eq!(sandbox.text(), without_token(GATEWAY), "the heal takes a second");
    running.finish().code(0);
    assert_eq!(sandbox.text(), GATEWAY, "and is done before the end");
}

#[test]
fn what_could_not_be_healed_before_the_end_is_told() {
    let Some(faults) = Faults::allowed() else { return };
    let sandbox = Sandbox::config(GATEWAY);
    // Slow enough for the first lock to be seen.
    let broken = faults.with("fsync:error=EIO:delay_enter=300000");
    let mut running = sandbox.invoke(["watch"]).under(broken).start();
    running.until_locked(&sandbox);
    running.until("a first look", || is_stable(&sandbox));
    store(&sandbox, &without_token(GATEWAY));
    running.signal(Signal::TERM);
    running.finish().code(0).never_says(TOKEN);
    let told = events(&sandbox);
    let last = told.iter().rfind(|event| event["kind"] == "failed").expect("the failure is told");
    assert!(last["next_try_ms"].is_null(), "{last}");
    assert_eq!(told.last().unwrap()["kind"], "stopped");
    assert_eq!(sandbox.text(), without_token(GATEWAY));
}
