//! The socket: who is answered what, and who is dropped.

#![expect(clippy::disallowed_methods, reason = "tests look at files and clocks directly")]

use std::io::{BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::server::{LONGEST_REQUEST, MOST_CLIENTS, Server};
use super::*;
use crate::history::History;

const LONG: Duration = Duration::from_secs(10);

/// A watcher that guards `/etc/a.json`, and knows little.
fn watcher(state_dir: &Path, hub: &Hub) -> Server {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for request in receiver {
            match request {
                Request::State(answer) => answer.give(WatcherState {
                    pid: 7,
                    version: "0.1.0".into(),
                    files: vec![Ward {
                        file: "/etc/a.json".into(),
                        how: Sight::Events,
                        state: Condition::Stable,
                        seq: 3,
                    }],
                }),
                Request::Fresh { file, answer, .. } if file == Path::new("/etc/a.json") => {
                    answer.give(Freshness { fresh: true, drift: false, state: Condition::Stable });
                }
                Request::Fresh { file, answer, .. } if file == Path::new("/gone") => drop(answer),
                Request::Fresh { answer, .. } => answer.refuse("that file is not guarded"),
            }
        }
    });
    Server::start(state_dir, hub.clone(), move |request| sender.send(request).unwrap_or(()))
        .unwrap()
}

fn connect(server: &Server, request: &str) -> BufReader<UnixStream> {
    let mut stream = UnixStream::connect(server.path()).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    BufReader::new(stream)
}

fn line(reader: &mut impl std::io::BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    line
}

fn event(seq: u64, file: &str) -> Event {
    let at = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
    Event { version: VERSION, seq, at, file: file.into(), kind: EventKind::Calm }
}

/// Publishes `event` until it arrives: that a client listens is nothing it could tell us.
fn arrives(hub: &Hub, event: &Event, reader: &mut BufReader<UnixStream>) {
    let (done, finished) = channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            while finished.recv_timeout(Duration::from_millis(20)).is_err() {
                hub.publish(event);
            }
        });
        assert_eq!(line(reader), event.to_line());
        done.send(()).unwrap();
    });
}

#[test]
fn state_and_fresh_are_answered_by_the_watcher() {
    let dir = tempfile::tempdir().unwrap();
    let _server = watcher(dir.path(), &Hub::new());
    let client = Client::of(dir.path());
    let state = client.state().unwrap().unwrap();
    assert_eq!((state.pid, state.files[0].file.as_path()), (7, Path::new("/etc/a.json")));
    let fresh = client.fresh(Path::new("/etc/a.json"), LONG).unwrap().unwrap();
    assert!(fresh.is_stable());
    let refused = client.fresh(Path::new("/b"), LONG).unwrap_err();
    assert_eq!(refused.to_string(), "the watcher refused: that file is not guarded");
    let ended = client.fresh(Path::new("/gone"), LONG).unwrap_err();
    assert_eq!(ended.to_string(), "the watcher refused: the watcher is about to end");
}

#[test]
fn without_a_watcher_nobody_answers() {
    let dir = tempfile::tempdir().unwrap();
    let client = Client::of(&dir.path().join("none"));
    assert_eq!(client.state().unwrap(), None);
    drop(watcher(dir.path(), &Hub::new()));
    assert_eq!(Client::of(dir.path()).state().unwrap(), None);
}

#[test]
fn a_second_watcher_is_refused_and_the_first_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let _server = watcher(dir.path(), &Hub::new());
    let second = Server::start(dir.path(), Hub::new(), |_| {});
    assert!(matches!(second, Err(EventError::Live { .. })));
    assert!(Client::of(dir.path()).state().unwrap().is_some());
}

#[test]
fn what_is_no_request_is_told_so_and_never_quoted() {
    let dir = tempfile::tempdir().unwrap();
    let server = watcher(dir.path(), &Hub::new());
    let huge = "x".repeat(LONGEST_REQUEST * 4);
    for request in [
        "canary-0123\n",
        "\n",
        "{\"request\":\"canary\"}\n",
        "{\"request\":\"fresh\"}\n",
        "{\"request\":\"state\",\"canary\":1}\n",
        "[]\n",
        "\u{0}\u{1}\n",
        &huge,
    ] {
        let answer = line(&mut connect(&server, request));
        assert!(answer.starts_with("{\"error\":\""), "{answer:?}");
        assert!(!answer.contains("canary"), "{answer}");
    }
    // Gone before it said anything, or in the middle.
    drop(UnixStream::connect(server.path()).unwrap());
    let stream = connect(&server, "{\"req");
    stream.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
    assert!(line(&mut { stream }).contains("no end of line"));
    assert!(Client::of(dir.path()).state().unwrap().is_some());
}

#[test]
fn events_are_streamed_to_everybody_who_asks_for_their_file() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Hub::new();
    let server = watcher(dir.path(), &hub);
    let mut all = connect(&server, "{\"request\":\"events\"}\n");
    let mut one = connect(&server, "{\"request\":\"events\",\"file\":\"/etc/b.json\"}\n");
    arrives(&hub, &event(1, "/etc/a.json"), &mut all);
    let of_b = event(2, "/etc/b.json");
    arrives(&hub, &of_b, &mut one);
    // Perhaps some more of the first: it was published until it arrived.
    while line(&mut all) != of_b.to_line() {}
}

#[test]
fn what_the_log_has_comes_first_and_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Hub::new();
    let server = watcher(dir.path(), &hub);
    let file = PathBuf::from("/etc/a.json");
    let mut log = Log::open(History::of(dir.path(), &file).folder(), &file).unwrap();
    let now = SystemTime::UNIX_EPOCH;
    for _ in 0..3 {
        hub.publish(&log.append(now, EventKind::Calm).unwrap());
    }
    let request = "{\"request\":\"events\",\"file\":\"/etc/a.json\",\"since\":1}\n";
    let mut reader = connect(&server, request);
    let seq = |line: String| serde_json::from_str::<Event>(&line).unwrap().seq;
    assert_eq!((seq(line(&mut reader)), seq(line(&mut reader))), (2, 3));
    for expected in 4..50 {
        hub.publish(&log.append(now, EventKind::Calm).unwrap());
        assert_eq!(seq(line(&mut reader)), expected);
    }
}

#[test]
fn a_client_that_does_not_read_is_dropped_and_told_and_nobody_waits_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Hub::new();
    let server = watcher(dir.path(), &hub);
    let mut slow = connect(&server, "{\"request\":\"events\"}\n");
    arrives(&hub, &event(1, "/etc/a.json"), &mut slow);
    let mut long = event(2, "/etc/a.json");
    long.kind = EventKind::AuthChanged {
        record: None,
        author: super::tests::author(),
        paths: vec!["x".repeat(1000); 100],
    };
    let started = Instant::now();
    for _ in 0..600 {
        hub.publish(&long);
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let mut text = String::new();
    slow.read_to_string(&mut text).unwrap();
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("{\"error\":\"too slow"), "{last:.60}");
    assert!(Client::of(dir.path()).state().unwrap().is_some());
}

#[test]
fn clients_are_bounded_and_those_that_leave_make_room() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Hub::new();
    let server = watcher(dir.path(), &hub);
    let mut clients: Vec<_> =
        (0..MOST_CLIENTS).map(|_| connect(&server, "{\"request\":\"events\"}\n")).collect();
    let mut refused = connect(&server, "{\"request\":\"state\"}\n");
    assert!(line(&mut refused).contains("too many"));
    clients.pop();
    let started = Instant::now();
    while Client::of(dir.path()).state().is_err() {
        assert!(started.elapsed() < LONG, "one has left");
        thread::sleep(Duration::from_millis(5));
    }
    // The end of the watcher is the end of every connection.
    drop(server);
    let mut rest = String::new();
    clients[0].read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}
