//! The watcher: whoever writes, what is protected is back, and the rest of the change stays.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::exec::debugging;
use crate::history::kinds;
use crate::support::{GATEWAY, Invocation, Run, Running, Sandbox, TOKEN, tools};

/// A watcher that guards the sandbox.
pub(crate) struct Guard<'s> {
    sandbox: &'s Sandbox,
    running: Option<Running>,
}

impl<'s> Guard<'s> {
    pub(crate) fn of(sandbox: &'s Sandbox) -> Self {
        Self::started(sandbox, sandbox.invoke(["watch"]))
    }

    /// As `invocation`, a run of `watch`, makes it.
    pub(crate) fn started(sandbox: &'s Sandbox, invocation: Invocation) -> Self {
        let before = events(sandbox).len();
        let mut running = invocation.start();
        running.until("a guard", || {
            events(sandbox).iter().skip(before).any(|event| event["kind"] == "watching")
        });
        if sandbox.config_path().exists() {
            running.until("a first look", || is_stable(sandbox));
        }
        Self { sandbox, running: Some(running) }
    }

    pub(crate) fn until(&mut self, what: &str, reached: impl FnMut() -> bool) {
        self.running.as_mut().unwrap().until(what, reached);
    }

    /// Waits until the file is `text`.
    #[track_caller]
    pub(crate) fn heals_to(&mut self, text: &str) {
        let since = Instant::now();
        while self.sandbox.text_of("openclaw.json").as_deref() != Some(text) {
            if since.elapsed() > Duration::from_secs(20) {
                let told: Vec<String> =
                    events(self.sandbox).iter().map(ToString::to_string).collect();
                let now = self.sandbox.text_of("openclaw.json");
                panic!("it is {now:?}, not\n{text}\nevents:\n{}", told.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for an event of this kind, after those that were there `before`.
    pub(crate) fn tells(&mut self, kind: &str, before: usize) -> Value {
        let sandbox = self.sandbox;
        let find = || events(sandbox).into_iter().skip(before).find(|event| event["kind"] == kind);
        self.until(kind, || find().is_some());
        find().unwrap()
    }

    pub(crate) fn stop(self) {
        self.ends().never_says(TOKEN);
    }

    /// As [`Guard::stop`], with what it has said.
    pub(crate) fn ends(mut self) -> Run {
        let running = self.running.take().unwrap();
        running.signal(Signal::TERM);
        let run = running.finish();
        run.code(0);
        run
    }

    /// The running program.
    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// Ends it without a chance to say a word.
    pub(crate) fn kill(mut self) {
        let running = self.running.take().unwrap();
        running.signal(Signal::KILL);
        assert_eq!(running.finish().ended(), None);
    }
}

pub(crate) fn events(sandbox: &Sandbox) -> Vec<Value> {
    let run = sandbox.run(["events", "--output", "json"]);
    run.code(0).never_says(TOKEN);
    run.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn is_stable(sandbox: &Sandbox) -> bool {
    sandbox.run(["wait", "--for", "stable", "--timeout", "5s"]).ended() == Some(0)
}

/// `text` without the token of the gateway.
pub(crate) fn without_token(text: &str) -> String {
    text.lines().filter(|line| !line.contains(TOKEN)).map(|line| [line, "\n"].concat()).collect()
}

/// Stores `text` as most programs do.
pub(crate) fn store(sandbox: &Sandbox, text: &str) {
    let temporary = sandbox.path("openclaw.json.tmp");
    fs::write(&temporary, text).unwrap();
    fs::set_permissions(&temporary, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(temporary, sandbox.config_path()).unwrap();
}

#[test]
fn a_dropped_token_is_back_inside_the_window_and_the_change_stays() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    let writers: [&dyn Fn(&str); 3] = [
        &|text| store(&sandbox, text),
        &|text| fs::write(sandbox.config_path(), text).unwrap(),
        &|text| {
            fs::remove_file(sandbox.config_path()).unwrap();
            fs::write(sandbox.config_path(), text).unwrap();
            let mode = fs::Permissions::from_mode(0o600);
            fs::set_permissions(sandbox.config_path(), mode).unwrap();
        },
    ];
    let mut wanted = GATEWAY.to_owned();
    for (index, write) in writers.iter().enumerate() {
        let changed = wanted.replace(&format!("1878{}", 9 - index), &format!("1878{}", 8 - index));
        assert_ne!(changed, wanted);
        let before = events(&sandbox).len();
        write(&without_token(&changed));
        guard.heals_to(&changed);
        let event = guard.tells("healed", before);
        assert_eq!(event["put_back"][0]["path"], "gateway.auth.token", "{event}");
        assert!(event["took_ms"].as_u64().unwrap() < 480, "{event}");
        wanted = changed;
    }
    guard.stop();
    assert_eq!(events(&sandbox).last().unwrap()["kind"], "stopped");
}

#[test]
fn comments_are_dressed_on_again_when_the_writer_is_done() {
    if !tools(&["python3"]) {
        return;
    }
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    let value = sandbox.run(["get", "--reveal", "--output", "json"]).report()["value"].clone();
    let mut value: Value = value;
    value["logging"]["level"] = "debug".into();
    value["gateway"]["auth"].as_object_mut().unwrap().remove("token");
    store(&sandbox, &(serde_json::to_string_pretty(&value).unwrap() + "\n"));
    // The token at once, the comments when it is calm.
    guard.until("the token", || sandbox.text().contains(TOKEN));
    guard.heals_to(&debugging());
    let event = guard.tells("redressed", 0);
    assert_eq!(event["lost_comments"], 0);
    // Whose values they are was found out when they were written.
    assert_eq!(event["author"], guard.tells("healed", 0)["author"]);
    guard.stop();
}

/// `openclaw config set` of 2026.9 reads the file seconds before it takes its lock, and fails where
/// somebody has written since.
#[test]
fn comments_wait_for_a_command_that_was_just_started() {
    let sandbox = Sandbox::config(GATEWAY);
    // Known by its name alone.
    let command = sandbox.home().join("openclaw");
    fs::copy("/bin/sleep", &command).unwrap();
    let begin = |seconds: &str| Command::new(&command).arg(seconds).spawn().unwrap();
    let value = sandbox.run(["get", "--reveal", "--output", "json"]).report()["value"].clone();
    let bare = serde_json::to_string_pretty(&value).unwrap() + "\n";
    let guard = Guard::of(&sandbox);
    store(&sandbox, &bare);
    std::thread::sleep(Duration::from_secs(9));
    let mut at_work = begin("4");
    while at_work.try_wait().unwrap().is_none() {
        sandbox.holds(&bare);
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut guard = guard;
    guard.heals_to(GATEWAY);
    guard.tells("redressed", 0);
    // Nor are they dressed on in its way when the watcher ends.
    let mut at_work = begin("30");
    let before = events(&sandbox).len();
    store(&sandbox, &bare);
    guard.tells("accepted", before);
    guard.stop();
    sandbox.holds(&bare);
    at_work.kill().unwrap();
    at_work.wait().unwrap();
}

#[test]
fn what_cannot_be_read_is_set_aside_and_kept() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    for broken in ["{ gateway: { mode: ", "", "{}{}", "\u{0}\u{0}\u{0}"] {
        let before = events(&sandbox).len();
        fs::write(sandbox.config_path(), broken).unwrap();
        guard.heals_to(GATEWAY);
        guard.tells("quarantined", before);
    }
    guard.stop();
    let mut kept = sandbox.files().into_iter().filter(|file| file.is_file());
    assert!(kept.any(|file| fs::read(file).unwrap() == b"{}{}"));
}

#[test]
fn legitimate_changes_stand_and_are_told() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    store(&sandbox, &debugging());
    let event = guard.tells("accepted", 0);
    assert_eq!(event["changes"][0]["path"], "logging.level");
    sandbox.run(["set", "gateway.port", "4711"]).code(0);
    let own = guard.tells("accepted", events(&sandbox).len() - 1);
    assert!(own["author"]["certainty"] == "own" || is_stable(&sandbox));
    // One section that is removed is somebody's will.
    let removed = sandbox.text().replace("  logging: { level: \"debug\" },\n", "");
    store(&sandbox, &removed);
    guard.until("its end", || is_stable(&sandbox));
    sandbox.holds(&removed);
    guard.stop();
    sandbox.holds(&removed);
}

/// A rule may be allowed on one command, and the watcher takes that for what it is.
#[test]
fn an_explicit_change_of_the_token_stands() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    let other = "fake-token-7d793037a0760186";
    let run = sandbox
        .invoke(["set", "--stdin", "gateway.auth.token", "--allow", "auth-token-changed"])
        .stdin(other)
        .run();
    run.code(0);
    let event = guard.tells("auth-changed", 0);
    assert_eq!(event["paths"][0], "gateway.auth.token");
    guard.until("rest", || is_stable(&sandbox));
    assert!(sandbox.text().contains(other));
    store(&sandbox, &sandbox.text().replace(other, "fake-token-of-nobody-0000000"));
    guard.until("the new one", || sandbox.text().contains(other));
    guard.stop();
}

#[test]
fn what_was_put_right_can_be_accepted() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    let other = "fake-token-7d793037a0760186";
    store(&sandbox, &debugging().replace(TOKEN, other));
    let event = guard.tells("healed", 0);
    guard.heals_to(&debugging());
    let record = event["record"].as_u64().unwrap().to_string();
    sandbox.run(["set", "gateway.port", "4711"]).code(0);
    sandbox.run(["accept", &record]).code(0).never_says(other);
    guard.until("rest", || is_stable(&sandbox));
    sandbox.holds(&debugging().replace(TOKEN, other).replace("18789", "4711"));
    // Nothing is to be accepted of a write that was put right by nobody.
    sandbox.fails(4, ["accept", "@"]).says("put nothing right");
    guard.stop();
}

/// What happens while nobody looks is judged when somebody does.
#[test]
fn a_killed_watcher_is_followed_by_one_that_makes_up_for_it() {
    let sandbox = Sandbox::config(GATEWAY);
    Guard::of(&sandbox).kill();
    store(&sandbox, &without_token(&debugging()));
    let mut guard = Guard::of(&sandbox);
    guard.heals_to(&debugging());
    guard.stop();
    assert_eq!(kinds(&sandbox), ["observed", "foreign", "healed"]);
}

#[test]
fn once_puts_right_what_is_there_and_ends() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["watch", "--once"]).code(0);
    store(&sandbox, &without_token(&debugging()));
    let run = sandbox.run(["watch", "--once"]);
    run.code(0).says("healed").never_says(TOKEN);
    sandbox.holds(&debugging());
    sandbox.untouched(|| sandbox.run(["watch", "--once"])).code(0);
    // A gateway that has never had one: nothing is known to put back.
    let sandbox = Sandbox::config("{ gateway: { mode: \"local\", bind: \"lan\" } }\n");
    sandbox.untouched(|| sandbox.run(["watch", "--once"]));
}

#[test]
fn a_file_and_a_directory_are_waited_for() {
    let sandbox = Sandbox::empty();
    let home = sandbox.config_path().parent().unwrap().to_owned();
    let away = home.with_extension("away");
    let mut guard = Guard::of(&sandbox);
    store(&sandbox, GATEWAY);
    guard.until("a first look", || is_stable(&sandbox));
    store(&sandbox, &without_token(GATEWAY));
    guard.heals_to(GATEWAY);
    // The directory goes, and another one comes.
    fs::rename(&home, &away).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert!(!home.exists(), "it is nobody's to make again");
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    store(&sandbox, &without_token(&debugging()));
    guard.heals_to(&debugging());
    guard.stop();
}

/// A dotfile manager switches the link; Kubernetes switches the link of a directory.
#[test]
fn links_on_the_way_are_followed_when_they_are_switched() {
    let sandbox = Sandbox::empty();
    for (version, text) in [("one", GATEWAY.to_owned()), ("two", debugging())] {
        fs::create_dir(sandbox.path(version)).unwrap();
        fs::write(sandbox.path(version).join("openclaw.json"), text).unwrap();
    }
    symlink("one", sandbox.path("..data")).unwrap();
    symlink("..data/openclaw.json", sandbox.config_path()).unwrap();
    let mut guard = Guard::of(&sandbox);
    let switch = |to: &str| {
        symlink(to, sandbox.path("..next")).unwrap();
        fs::rename(sandbox.path("..next"), sandbox.path("..data")).unwrap();
    };
    switch("two");
    // The history of another file is another one, so is what it is told by.
    guard.until("its record", || kinds(&sandbox) == ["observed", "foreign"]);
    fs::write(sandbox.path("two/openclaw.json"), without_token(&debugging())).unwrap();
    guard.heals_to(&debugging());
    assert_eq!(
        fs::read_link(sandbox.config_path()).unwrap().to_str(),
        Some("..data/openclaw.json")
    );
    guard.stop();
}

#[test]
fn an_included_file_is_guarded_too() {
    let root = GATEWAY.replace(
        "    auth: {\n      mode: \"token\",\n      // Every client has this one.\n      token: \"fake-token-5d41402abc4b2a76\",\n      allowTailscale: true,\n    },\n",
        "    auth: { $include: \"./auth.json5\" },\n",
    );
    assert!(root.contains("$include"));
    let auth = format!("{{ mode: \"token\", token: \"{TOKEN}\" }} // ours\n");
    let sandbox = Sandbox::config(&root).with("auth.json5", &auth);
    let mut guard = Guard::of(&sandbox);
    fs::write(sandbox.path("auth.json5"), "{ mode: \"token\" } // ours\n").unwrap();
    guard.until("its token", || sandbox.text_of("auth.json5").unwrap().contains(TOKEN));
    sandbox.holds(&root);
    guard.stop();
}

#[test]
fn a_second_watcher_is_refused_and_names_the_first() {
    let sandbox = Sandbox::config(GATEWAY);
    let guard = Guard::of(&sandbox);
    sandbox.fails(5, ["watch"]).says("watch");
    guard.stop();
    let guard = Guard::of(&sandbox);
    guard.stop();
}

/// An author that answers each heal with the same damage is not fought for ever.
#[test]
fn a_fight_is_given_up_told_once_and_over_when_the_author_stops() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    let since = Instant::now();
    let mut heals = 0;
    while !events(&sandbox).iter().any(|event| event["kind"] == "contested") {
        assert!(since.elapsed() < Duration::from_mins(1), "it fights on after {heals} heals");
        store(&sandbox, &without_token(GATEWAY));
        guard.heals_to(GATEWAY);
        heals += 1;
    }
    assert!(heals >= 20, "{heals}: damage now and then is healed at once");
    store(&sandbox, &without_token(GATEWAY));
    std::thread::sleep(Duration::from_millis(400));
    assert!(!sandbox.text().contains(TOKEN), "it waits before it heals again");
    // The last word is the guard's.
    guard.heals_to(GATEWAY);
    let contested = events(&sandbox).iter().filter(|event| event["kind"] == "contested").count();
    assert_eq!(contested, 1);
    guard.stop();
}

/// `exec` heals what runs under it; the watcher keeps out of its way, and takes what it allows.
#[test]
fn exec_and_the_watcher_do_not_quarrel() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    let other = "fake-token-7d793037a0760186";
    let config = sandbox.config_path().display().to_string();
    let script = format!("sed -i s/{TOKEN}/{other}/ {config}; sleep 0.7");
    sandbox.run(["exec", "--allow", "auth-token-changed", "--", "sh", "-c", &script]).code(0);
    guard.until("rest", || is_stable(&sandbox));
    sandbox.holds(&GATEWAY.replace(TOKEN, other));
    guard.stop();
    assert!(!events(&sandbox).iter().any(|event| event["kind"] == "healed"));
}

/// What `hooks.toml` names runs on what happens, with the event and without a secret.
#[test]
fn a_hook_runs_on_what_happened() {
    let sandbox = Sandbox::config(GATEWAY);
    let told = sandbox.path("told.json");
    let settings = sandbox.home().join(".config/confwarden");
    fs::create_dir_all(&settings).unwrap();
    let hooks = format!("[[hooks]]\non = [\"healed\"]\nrun = [\"cp\", \"/dev/stdin\", {told:?}]\n");
    fs::write(settings.join("hooks.toml"), hooks).unwrap();
    fs::set_permissions(settings.join("hooks.toml"), fs::Permissions::from_mode(0o600)).unwrap();
    let mut guard = Guard::of(&sandbox);
    store(&sandbox, &without_token(GATEWAY));
    guard.heals_to(GATEWAY);
    let read = || fs::read_to_string(&told).ok().filter(|text| text.ends_with('\n'));
    guard.until("the hook", || read().is_some());
    let event: Value = serde_json::from_str(&read().unwrap()).unwrap();
    assert_eq!(event["kind"], "healed");
    assert!(!read().unwrap().contains(TOKEN));
    guard.stop();
    // Nobody else's hooks run.
    fs::set_permissions(settings.join("hooks.toml"), fs::Permissions::from_mode(0o666)).unwrap();
    sandbox.fails(9, ["watch"]).says("hooks.toml");
}
