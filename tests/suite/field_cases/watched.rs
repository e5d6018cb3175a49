//! TK, CC, RL, FS, AG: another program writes at any time, and the watcher alone is there.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::foreign::house;
use crate::exec::debugging;
use crate::history::kinds;
use crate::support::{GATEWAY, Mounts, Sandbox, TOKEN, not_checked};
use crate::watch::{Guard, events, is_stable, store, without_token};

const OTHER: &str = "fake-token-9b1deb4d3b7d4bad";

/// The paths of the changes or heals in an event.
fn paths(event: &serde_json::Value, list: &str) -> Vec<String> {
    let all = event[list].as_array().unwrap().iter();
    all.map(|one| one["path"].as_str().unwrap().to_owned()).collect()
}

/// How many events are of this kind.
fn count(sandbox: &Sandbox, kind: &str) -> usize {
    events(sandbox).iter().filter(|event| event["kind"] == kind).count()
}

/// clawmetry#5782: a tool's own section makes a repair bring back an old file and another token. What
/// the user did since is the repair's to lose once; the token is not.
#[test]
fn tk_13_a_repair_for_a_foreign_section_rotates_the_token() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    let observed = debugging().replace("  logging:", "  clawmetry: { interval: 60 },\n  logging:");
    store(&sandbox, &observed);
    let event = guard.tells("accepted", 0);
    assert_eq!(paths(&event, "changes"), ["logging.level", "clawmetry"]);
    // The repair: the last good file, and the token that the restart has made.
    let repaired = GATEWAY.replace(TOKEN, OTHER);
    for _ in 0..3 {
        let before = events(&sandbox).len();
        store(&sandbox, &repaired);
        // With the token the section is back: nobody who means well takes both away.
        let event = guard.tells("healed", before);
        assert_eq!(paths(&event, "put_back"), ["gateway.auth.token", "clawmetry"]);
        assert!(sandbox.text().contains(TOKEN) && sandbox.text().contains("clawmetry"));
        // Once a minute it notices, and asks for a repair again.
        guard.until("rest", || is_stable(&sandbox));
    }
    // What the user did since is in the history.
    sandbox.run(["restore", "2", "--path", "logging.level"]).code(0);
    sandbox.holds(&observed);
    guard.stop();
    assert_eq!(count(&sandbox, "auth-changed"), 0);
}

/// openclaw#22866: a gateway that restarts in a loop ends with pairings that nobody accepts. It reads
/// the file half a second after a write, and restarts where the token is another one.
#[test]
fn rs_06_a_restart_loop_does_not_begin() {
    let sandbox = Sandbox::config(GATEWAY);
    let token = || {
        let text = sandbox.text_of("openclaw.json")?;
        let at = text.find("token: \"")? + 8;
        Some(text[at..].split('"').next()?.to_owned())
    };
    // At each start without a token it makes one and saves it, as 2026.3 does.
    let gateway = |writes: usize| {
        let (mut live, mut restarts) = (token(), 0);
        for turn in 0..writes {
            let bad =
                if turn % 2 == 0 { without_token(GATEWAY) } else { without_token(&debugging()) };
            store(&sandbox, &bad);
            std::thread::sleep(Duration::from_millis(503));
            let mut now = token();
            if now == live {
                continue;
            }
            restarts += 1;
            if now.is_none() {
                let made = format!("{OTHER}{turn}");
                store(&sandbox, &GATEWAY.replace(TOKEN, &made));
                now = Some(made);
            }
            live = now;
        }
        restarts
    };
    assert_eq!(gateway(3), 3, "unguarded, each of them restarts it");
    store(&sandbox, GATEWAY);
    let guard = Guard::of(&sandbox);
    assert_eq!(gateway(4), 0);
    assert_eq!(token().as_deref(), Some(TOKEN));
    guard.stop();
}

/// openclaw#52093: a scanner holds the file, and the rename is refused for a while. Here the file is
/// made immutable, which the system refuses in the same way.
#[test]
fn fs_15_a_rename_that_is_refused_for_a_while_is_made_later() {
    let sandbox = Sandbox::config(GATEWAY);
    let hold = |flag: &str| {
        let words = Command::new("chattr").arg(flag).arg(sandbox.config_path()).output();
        words.is_ok_and(|output| output.status.success())
    };
    if !(hold("+i") && hold("-i")) {
        not_checked("no right to make a file immutable, or a file system that cannot");
        return;
    }
    let mut guard = Guard::of(&sandbox);
    store(&sandbox, &without_token(&debugging()));
    assert!(hold("+i"));
    let event = guard.tells("failed", 0);
    assert!(event["next_try_ms"].is_u64(), "{event}");
    assert!(event["why"].as_str().unwrap().contains("not permitted"), "{event}");
    sandbox.holds(&without_token(&debugging()));
    std::thread::sleep(Duration::from_millis(400));
    assert!(hold("-i"));
    guard.heals_to(&debugging());
    guard.tells("healed", 0);
    assert_eq!(count(&sandbox, "failed"), 1, "told once");
    assert_eq!(sandbox.leftovers(), Vec::<String>::new());
    guard.stop();
}

/// openclaw PR#31004: the directory is in a folder of `OneDrive`, and its client writes late.
#[test]
fn fs_16_a_synced_folder_is_told_and_given_more_time() {
    let sandbox = Sandbox::empty().with("OneDrive - House/openclaw.json", GATEWAY);
    let config = sandbox.path("OneDrive - House/openclaw.json").display().to_string();
    let sandbox = sandbox.always(&["--config", &config]);
    sandbox.run(["status"]).code(0).shows("OneDrive keeps its folder the same");
    let mut guard = Guard::started(&sandbox, sandbox.invoke(["watch"]));
    guard.until("a first look", || is_stable(&sandbox));
    let event = guard.tells("watching", 0);
    assert!(event["how"] == "events" && event["why"].as_str().unwrap().contains("OneDrive"));
    fs::write(&config, without_token(&debugging())).unwrap();
    let event = guard.tells("healed", 0);
    let took = event["took_ms"].as_u64().unwrap();
    assert!((150..480).contains(&took), "{event}");
    assert_eq!(fs::read_to_string(&config).unwrap(), debugging());
    guard.stop();
}

/// openclaw#20344: an app writes the block with another token at each of its launches.
#[test]
fn tk_03_an_app_rewrites_the_block_at_each_launch() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    for launch in 0..5 {
        let before = events(&sandbox).len();
        store(&sandbox, &GATEWAY.replace(TOKEN, &format!("{OTHER}{launch}")));
        guard.heals_to(GATEWAY);
        let event = guard.tells("healed", before);
        assert_eq!(paths(&event, "put_back"), ["gateway.auth.token"]);
        assert!(event["took_ms"].as_u64().unwrap() < 480, "{event}");
    }
    guard.stop();
    assert_eq!((count(&sandbox, "healed"), count(&sandbox, "auth-changed")), (5, 0));
}

/// openclaw#20189: a wizard of a new app writes its own file over a live one.
#[test]
fn tk_04_a_wizard_overwrites_a_live_file() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    store(
        &sandbox,
        &format!(
            "{{\"gateway\": {{\"mode\": \"local\", \"port\": 18800, \"bind\": \"lan\", \"auth\": \
             {{\"mode\": \"token\", \"token\": \"{OTHER}\"}}}}, \"wizard\": {{\"lastRun\": \"2026-02-17\"}}}}"
        ),
    );
    let event = guard.tells("healed", 0);
    let put_back = paths(&event, "put_back");
    for path in ["gateway.auth.token", "agents"] {
        assert!(put_back.iter().any(|put| put == path), "{path} is not in {put_back:?}");
    }
    let now = sandbox.text();
    assert!(now.contains(TOKEN) && !now.contains(OTHER) && now.contains("clerk"), "{now}");
    assert!(now.contains("18800") && now.contains("2026-02-17"), "its own change stays: {now}");
    guard.stop();
}

/// gasclaw#57: an installer writes a new random token at each start of the container.
#[test]
fn tk_10_each_start_brings_a_new_token() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["watch", "--once"]).code(0);
    for start in 0..3 {
        store(&sandbox, &GATEWAY.replace(TOKEN, &format!("{OTHER}{start}")));
        sandbox.run(["watch", "--once"]).code(0).never_says(OTHER).never_says(TOKEN);
        sandbox.holds(GATEWAY);
    }
}

/// openclaw PR#20686, #78047: without a token the gateway makes one. The one it saves is held from then
/// on, so that the clients of tomorrow are those of today.
#[test]
fn tk_12_a_token_that_the_gateway_makes_is_the_last_one() {
    let sandbox = Sandbox::config(without_token(GATEWAY));
    let mut guard = Guard::of(&sandbox);
    store(&sandbox, GATEWAY);
    let event = guard.tells("auth-changed", 0);
    assert_eq!(event["paths"][0], "gateway.auth.token", "{event}");
    guard.until("rest", || is_stable(&sandbox));
    store(&sandbox, &GATEWAY.replace(TOKEN, OTHER));
    guard.heals_to(GATEWAY);
    store(&sandbox, &without_token(GATEWAY));
    guard.heals_to(GATEWAY);
    guard.stop();
}

/// openclaw#155579: an app drops what a person pinned, and a guard puts it back for ever.
#[test]
fn cc_05_an_app_drops_what_is_pinned() {
    let profile = "version = 1\nname = \"house\"\nprotected = [\"memory.search.sources\"]\n";
    let sandbox = Sandbox::config(house()).with("../house.toml", profile);
    let config = sandbox.config_path().display().to_string();
    let path = sandbox.home().join("house.toml").display().to_string();
    let sandbox = sandbox.always(&["--config", &config, "--profile", &path]);
    let mut guard = Guard::of(&sandbox);
    let dropped = house().replace("search: { sources: [\"notes\"] }, ", "search: {}, ");
    assert_ne!(dropped, house());
    store(&sandbox, &dropped);
    let event = guard.tells("healed", 0);
    assert_eq!(paths(&event, "put_back"), ["memory.search.sources"]);
    assert!(sandbox.text().contains("\"notes\""));
    guard.stop();
}

/// openclaw#3811: a stamp in `meta` restarted the gateway. The watcher answers it with no write.
#[test]
fn rl_01_a_stamp_is_answered_with_no_write() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    let stamped = GATEWAY
        .replace("  logging:", "  meta: { lastTouchedAt: \"2026-02-01T00:00:00Z\" },\n  logging:");
    store(&sandbox, &stamped);
    sandbox.untouched(|| {
        guard.tells("accepted", 0);
        std::thread::sleep(Duration::from_millis(700));
    });
    guard.stop();
    assert_eq!(count(&sandbox, "healed") + count(&sandbox, "redressed"), 0);
}

/// openclaw#11279: one patch restarted the gateway twice. A heal is one write.
#[test]
fn rl_02_a_heal_is_one_write() {
    let sandbox = Sandbox::config(GATEWAY);
    let guard = Guard::of(&sandbox);
    store(&sandbox, &without_token(&debugging()));
    let inode = || fs::metadata(sandbox.config_path()).unwrap().ino();
    let mut seen = vec![inode()];
    let since = Instant::now();
    while since.elapsed() < Duration::from_millis(1_500) {
        let now = inode();
        if seen.last() != Some(&now) {
            seen.push(now);
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    assert_eq!(seen.len(), 2, "theirs, and ours");
    sandbox.holds(&debugging());
    guard.stop();
    assert_eq!(kinds(&sandbox), ["observed", "foreign", "healed"]);
}

/// openclaw#13458: a restart writes `meta`, which restarts. Nothing that is written is written about.
#[test]
fn rl_03_a_loop_of_stamps_is_not_fed() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    let mut last = String::new();
    for turn in 10..30 {
        last = GATEWAY.replace("  logging:", &format!("  meta: {{ turn: {turn} }},\n  logging:"));
        store(&sandbox, &last);
        guard.until("rest", || is_stable(&sandbox));
        sandbox.holds(&last);
    }
    let told = events(&sandbox).len();
    sandbox.untouched(|| std::thread::sleep(Duration::from_millis(700)));
    assert_eq!(events(&sandbox).len(), told, "nothing more is told");
    guard.stop();
    sandbox.holds(&last);
    assert_eq!(count(&sandbox, "healed") + count(&sandbox, "contested"), 0);
}

/// openclaw#92851: the limit of inotify is reached, and reloading is off for good. The watcher looks
/// itself, and says so.
#[test]
fn rl_09_without_reports_of_the_system_it_looks_itself() {
    for (limit, why) in [("watches", "max_user_watches"), ("instances", "max_user_instances")] {
        let none = format!("echo 0 > /proc/sys/user/max_inotify_{limit}");
        let words = ["unshare", "--user", "--map-root-user", "sh", "-euc"];
        let probe = Command::new(words[0]).args(&words[1..]).arg(&none).output();
        if !probe.is_ok_and(|output| output.status.success()) {
            not_checked("this system does not let this user set limits of its own");
            return;
        }
        let sandbox = Sandbox::config(GATEWAY);
        let script = format!("{none}; exec \"$@\"");
        let words = words.into_iter().chain([script.as_str(), "sh"]);
        let mut guard = Guard::started(&sandbox, sandbox.invoke(["watch"]).under(words));
        let event = guard.tells("watching", 0);
        assert_eq!(event["how"], "polling", "{event}");
        assert!(event["why"].as_str().unwrap().contains(why), "{event}");
        store(&sandbox, &without_token(&debugging()));
        guard.heals_to(&debugging());
        let event = guard.tells("healed", 0);
        assert!(event["took_ms"].as_u64().unwrap() < 480, "inside the window: {event}");
        guard.stop();
    }
}

/// netclaw#960: editors rename, and a watcher of the file itself sees only the first time.
#[test]
fn rl_11_every_save_of_an_editor_is_seen() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    let (config, backup) = (sandbox.config_path(), sandbox.path("openclaw.json~"));
    for save in 0..3 {
        let before = events(&sandbox).len();
        // As vim: the old one aside, a new one in its place.
        fs::rename(config, &backup).unwrap();
        fs::copy(&backup, config).unwrap();
        fs::write(config, without_token(GATEWAY)).unwrap();
        fs::remove_file(&backup).unwrap();
        guard.heals_to(GATEWAY);
        guard.tells("healed", before);
        // As others: over it.
        let before = events(&sandbox).len();
        store(&sandbox, &without_token(GATEWAY));
        guard.heals_to(GATEWAY);
        guard.tells("healed", before);
        assert!(count(&sandbox, "healed") >= 2 * (save + 1));
    }
    guard.stop();
}

/// AgentTeams#201: a generator takes an edit back at each start. It is told what became of the edit.
#[test]
fn rl_14_an_edit_that_is_undone_is_told() {
    let generated = GATEWAY.replace("model: \"small\"", "model: \"small\", maxTokens: 12000");
    let sandbox = Sandbox::config(&generated);
    let mut guard = Guard::of(&sandbox);
    store(&sandbox, &generated.replace("12000", "8196"));
    guard.tells("accepted", 0);
    let before = events(&sandbox).len();
    store(&sandbox, &generated);
    let event = guard.tells("accepted", before);
    assert_eq!(paths(&event, "changes"), ["agents.list[id=clerk].maxTokens"], "{event}");
    assert!(event["author"]["certainty"].is_string(), "{event}");
    // One command brings the edit back.
    sandbox.run(["restore", "--undo", "@"]).code(0);
    guard.until("rest", || is_stable(&sandbox));
    sandbox.holds(&generated.replace("12000", "8196"));
    guard.stop();
}

/// nix-openclaw#50: a start replaces the link of the manager by a file. The token is kept, and what the
/// manager holds is written by nobody.
#[test]
fn is_07_the_link_of_a_manager_is_replaced_by_a_file() {
    let sandbox = Sandbox::empty().with("../store/openclaw.json", GATEWAY);
    let stored = sandbox.home().join("store/openclaw.json");
    symlink(&stored, sandbox.config_path()).unwrap();
    let mut guard = Guard::of(&sandbox);
    store(&sandbox, &without_token(&debugging()));
    guard.until("its token", || sandbox.text() == debugging());
    guard.until("rest", || is_stable(&sandbox));
    assert_eq!(fs::read_to_string(&stored).unwrap(), GATEWAY);
    guard.stop();
    sandbox.holds(&debugging());
}

/// openclaw PR#124682: a mounted file is another one as soon as the host replaces it. What stands in
/// the mounted one is guarded, in place.
#[test]
fn fs_02_a_mounted_file_is_healed_in_place() {
    let Some(mounts) = Mounts::allowed() else { return };
    let sandbox = Sandbox::config("{}\n").with("../host/openclaw.json", GATEWAY);
    let host = sandbox.home().join("host/openclaw.json");
    let words = mounts.after("mount --bind \"$1\" \"$2\"", &[&host, sandbox.config_path()]);
    let mut guard = Guard::started(&sandbox, sandbox.invoke(["watch"]).under(words));
    let inode = fs::metadata(&host).unwrap().ino();
    fs::write(&host, without_token(&debugging())).unwrap();
    guard.until("its token", || fs::read_to_string(&host).unwrap() == debugging());
    assert_eq!(fs::metadata(&host).unwrap().ino(), inode);
    // The host replaces it: the mounted one stays what it was.
    fs::write(host.with_extension("new"), without_token(GATEWAY)).unwrap();
    fs::rename(host.with_extension("new"), &host).unwrap();
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(fs::read_to_string(&host).unwrap(), without_token(GATEWAY), "nobody's to write");
    sandbox.holds("{}\n");
    guard.stop();
}

/// openclaw#29838: an agent edits the file unasked.
#[test]
fn ag_01_an_agent_edits_what_nobody_asked_for() {
    let sandbox = Sandbox::config(house());
    let mut guard = Guard::of(&sandbox);
    let edited = house()
        .replace("model: \"large\"", "model: \"huge\"")
        .replace(TOKEN, OTHER)
        .replace("mode: \"local\"", "mode: \"remote\"");
    store(&sandbox, &edited);
    let event = guard.tells("healed", 0);
    assert!(paths(&event, "put_back").iter().any(|path| path == "gateway.auth.token"), "{event}");
    assert!(
        paths(&event, "changes").iter().any(|path| path == "agents.list[id=main].model"),
        "{event}"
    );
    assert!(sandbox.text().contains(TOKEN) && sandbox.text().contains("huge"));
    guard.stop();
}

/// openclaw#19653: a bad edit locks everybody out for 90 minutes.
#[test]
fn ag_06_a_bad_edit_locks_nobody_out() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    let since = Instant::now();
    fs::write(sandbox.config_path(), GATEWAY.replace("port: 18789,", "port: 18789;")).unwrap();
    guard.heals_to(GATEWAY);
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    let event = guard.tells("quarantined", 0);
    assert!(event["why"].as_str().unwrap().contains("line 5"), "{event}");
    guard.stop();
}

/// openclaw-operator#125: an agent breaks the file, and the pod starts again and again.
#[test]
fn ag_07_the_start_of_a_container_repairs_the_file() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["watch", "--once"]).code(0);
    for broken in ["{ gateway: {", "", "not a configuration"] {
        fs::write(sandbox.config_path(), broken).unwrap();
        sandbox.run(["watch", "--once"]).code(0).says("quarantined");
        sandbox.holds(GATEWAY);
        sandbox.untouched(|| sandbox.run(["watch", "--once"])).code(0);
    }
}

/// openclaw#140706: a tool of the operator owns the file, with Nix or without; it is not to be written.
#[test]
fn is_08_a_managed_file_is_judged_and_never_written() {
    for (variable, value) in [("OPENCLAW_NIX_MODE", "1"), ("OPENCLAW_CONFIG_READONLY", "true")] {
        // As Nix lays it out: a link into a directory that nobody may write to.
        let sandbox = Sandbox::config(GATEWAY);
        let store_path = sandbox.home().join("store");
        fs::create_dir(&store_path).unwrap();
        let made = |name: &str, text: &str| {
            let file = store_path.join(name);
            fs::write(&file, text).unwrap();
            file
        };
        let switch = |to: &Path| {
            let link = sandbox.path("openclaw.json.tmp");
            symlink(to, &link).unwrap();
            fs::rename(link, sandbox.config_path()).unwrap();
        };
        switch(&made("1-openclaw.json", GATEWAY));
        let managed = |arguments: &[&str]| sandbox.invoke(arguments).env(variable, value);
        let writes: [&[&str]; 5] = [
            &["set", "logging.level", "debug"],
            &["unset", "logging"],
            &["edit"],
            &["restore"],
            &["exec", "--", "true"],
        ];
        for write in writes {
            sandbox.untouched(|| {
                let run = managed(write).env("EDITOR", "false").run();
                run.code(9).says(&format!("`{variable}` is set")).says("where it is made");
            });
        }
        managed(&["--dry-run", "set", "logging.level", "debug"]).run().code(0).shows("debug");
        managed(&["status"]).run().code(0).shows(variable);
        // The same words, and nobody says so.
        let free = sandbox.invoke(["--dry-run", "set", "logging.level", "debug"]);
        free.env(variable, "0").run().code(0);

        let mut guard = Guard::started(&sandbox, managed(&["watch"]));
        let names = sandbox.names();
        let changed = made("2-openclaw.json", &debugging());
        switch(&changed);
        assert_eq!(paths(&guard.tells("accepted", 0), "changes"), ["logging.level"]);
        let before = events(&sandbox).len();
        let damaged = made("3-openclaw.json", &without_token(GATEWAY));
        switch(&damaged);
        let event = guard.tells("healed", before);
        assert_eq!(event["put_back"].as_array().unwrap().len(), 0, "{event}");
        let uncured = event["uncured"].as_array().unwrap();
        assert!(uncured.iter().any(|rule| rule["rule"] == "auth-token-dropped"), "{event}");
        let before = events(&sandbox).len();
        switch(&made("4-openclaw.json", "{ gateway: "));
        let event = guard.tells("failed", before);
        assert!(event["why"].as_str().unwrap().contains("made elsewhere"), "{event}");
        assert_eq!(
            fs::read_link(sandbox.config_path()).unwrap(),
            store_path.join("4-openclaw.json")
        );
        assert_eq!(fs::read_to_string(&damaged).unwrap(), without_token(GATEWAY));
        assert_eq!(sandbox.names(), names, "nothing is made beside it, not even a lock");
        guard.stop();
        let once = managed(&["watch", "--once"]).run();
        once.code(0).never_says(TOKEN);
    }
}
