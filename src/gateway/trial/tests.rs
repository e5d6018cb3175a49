//! Tests: what a row of looks comes to.

use super::*;
use crate::doc::Value;

const MS: fn(u64) -> Duration = Duration::from_millis;
const WINDOW: Duration = Duration::from_millis(900);
const TEXT: &[u8] = b"{}";

fn runs(pid: u32) -> Presence {
    Presence::Runs(Running { pid, started: 1, port: 1, since: None })
}

#[expect(clippy::unnecessary_wraps, reason = "as the other looks")]
fn up(uptime: u64) -> Result<Readiness, AskError> {
    Ok(Readiness { is_ready: true, uptime: Some(MS(uptime)) })
}

#[expect(clippy::unnecessary_wraps, reason = "as the other looks")]
fn down() -> Result<Readiness, AskError> {
    Ok(Readiness { is_ready: false, uptime: None })
}

fn state(hash: &str, revision: &str, applied: Option<&str>) -> ConfigState {
    ConfigState {
        hash: Some(hash.to_owned()),
        config_revision_hash: Some(revision.to_owned()),
        applied_config_hash: applied.map(str::to_owned),
        valid: true,
        issues: Vec::new(),
    }
}

fn sight(ready: Result<Readiness, AskError>, config: Option<ConfigState>) -> Sight {
    Sight { presence: runs(7), ready, version: None, config: config.map(Ok) }
}

fn gone() -> Sight {
    Sight::nothing(Presence::Absent(AskError::NotRunning), AskError::NotRunning)
}

/// A trial of a change of `class` at a gateway that was up for ten seconds.
fn trial(depth: Depth, class: ReloadClass, before: Sight) -> Trial {
    let effective = Value::Object(Vec::new());
    let expected =
        Expected { class: Some(class), text: TEXT, touched: true, effective: &effective };
    Trial::new(before, MS(10), depth, &expected, WINDOW)
}

/// The proof, once it is confirmed at `at` after nothing was known at all times before.
#[track_caller]
fn confirmed(trial: &mut Trial, looks: &[(u64, Sight)]) -> Evidence {
    let (last, looks) = looks.split_last().unwrap();
    for (at, sight) in looks {
        assert_eq!(trial.judge(sight.clone(), MS(*at)), None, "at {at} ms");
    }
    match trial.judge(last.1.clone(), MS(last.0)) {
        Some(Confirmation::Confirmed(evidence)) => evidence,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_in_effect_before_is_no_proof() {
    let before = sight(up(10_000), Some(state("a", "A", Some("A"))));
    let mut trial = trial(Depth::Applied, ReloadClass::Hot, before.clone());
    let looks = [
        // It has kept its answer of before.
        (20, before.clone()),
        (60, before),
        (510, sight(up(10_500), Some(state("b", "B", Some("A"))))),
        (650, sight(up(10_650), Some(state("b", "B", Some("B"))))),
    ];
    let evidence = confirmed(&mut trial, &looks);
    assert_eq!((evidence.proof, evidence.restarted), (Proof::Applied, false));
    assert_eq!(evidence.took, MS(650));
}

#[test]
fn a_change_of_the_text_alone_is_seen_by_the_hash_of_the_text() {
    let before = sight(up(10_000), Some(state("a", "A", Some("A"))));
    let mut trial = trial(Depth::Applied, ReloadClass::None, before.clone());
    let after = || sight(up(10_500), Some(state("b", "A", Some("A"))));
    confirmed(&mut trial, &[(40, before.clone()), (80, before), (510, after())]);
}

#[test]
fn an_old_release_has_read_the_text_and_is_ready_after_its_time() {
    let text = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let read = |uptime| {
        let mut config = state(text, "", None);
        config.config_revision_hash = None;
        sight(up(uptime), Some(config))
    };
    let mut hot = trial(Depth::Applied, ReloadClass::Hot, read(10_000));
    let looks = [(20, read(10_030)), (700, read(10_710)), (920, read(10_930))];
    let evidence = confirmed(&mut hot, &looks);
    assert_eq!(evidence.proof, Proof::Read);
    // Another text than ours is no proof.
    let mut other = trial(Depth::Applied, ReloadClass::Hot, read(10_000));
    let mut config = state("another", "", None);
    config.config_revision_hash = None;
    for at in [20, 920, 5000] {
        let seen = sight(up(10_010 + at), Some(config.clone()));
        assert_eq!(other.judge(seen, MS(at)), None);
    }
    let Confirmation::Unconfirmed { why } = other.end() else { panic!("it is not known") };
    assert_eq!(why, "it has not read the file yet");
}

#[test]
fn a_restart_is_waited_for_and_then_readiness() {
    let mut trial = trial(Depth::Probe, ReloadClass::Restart, sight(up(10_000), None));
    let looks = [
        (920, sight(up(10_930), None)),
        (960, sight(up(10_970), None)),
        (1500, gone()),
        (1900, sight(down(), None)),
        // The same process, and another start.
        (2500, sight(up(100), None)),
        (2540, sight(up(140), None)),
    ];
    assert!(confirmed(&mut trial, &looks).restarted);
}

#[test]
fn a_restart_that_does_not_come_is_not_confirmed() {
    let mut trial = trial(Depth::Probe, ReloadClass::Restart, sight(up(10_000), None));
    for at in [920, 960, 9_000] {
        assert_eq!(trial.judge(sight(up(10_010 + at), None), MS(at)), None);
    }
    let Confirmation::Unconfirmed { why } = trial.end() else { panic!("it is not known") };
    assert_eq!(why, "the restart that this needs has not come");
}

#[test]
fn a_new_token_is_taken_live_where_the_gateway_says_so() {
    let before = sight(up(10_000), Some(state("a", "A", Some("A"))));
    let mut trial = trial(Depth::Applied, ReloadClass::Auth, before);
    let after = |at: u64| sight(up(10_010 + at), Some(state("b", "B", Some("B"))));
    let looks = [(700, after(700)), (740, after(740))];
    assert!(!confirmed(&mut trial, &looks).restarted);
}

/// The gateway has the file and keeps what it had.
#[test]
fn an_old_config_that_is_kept_is_a_rejection_of_what_needs_no_restart() {
    let before = || sight(up(10_000), Some(state("a", "A", Some("A"))));
    let kept = |at: u64| sight(up(10_010 + at), Some(state("b", "B", Some("A"))));
    let mut hot = trial(Depth::Applied, ReloadClass::Hot, before());
    let mut restart = trial(Depth::Applied, ReloadClass::Restart, before());
    for at in [600, 640, 9_000] {
        assert_eq!(hot.judge(kept(at), MS(at)), None);
        assert_eq!(restart.judge(kept(at), MS(at)), None);
    }
    let Confirmation::Rejected { why } = hot.end() else { panic!("it is rejected") };
    assert!(why.contains("goes on with what it had"), "{why}");
    let Confirmation::Unconfirmed { why } = restart.end() else { panic!("it is not known") };
    assert_eq!(why, "the restart that this needs has not come");
}

#[test]
fn a_text_that_it_does_not_take_is_rejected_at_once_by_its_paths() {
    let before = sight(up(10_000), Some(state("a", "A", Some("A"))));
    let mut trial = trial(Depth::Applied, ReloadClass::Hot, before);
    let mut config = state("b", "", Some("A"));
    config.valid = false;
    config.issues = vec![super::super::answer::Issue { path: "cron.\u{1b}x".to_owned() }];
    let found = trial.judge(sight(up(10_500), Some(config)), MS(510));
    let Some(Confirmation::Rejected { why }) = found else { panic!("{found:?}") };
    assert!(why.starts_with("the gateway does not take what stands at `cron."), "{why}");
    assert!(!why.contains('\u{1b}'), "{why}");
}

#[test]
fn who_was_up_and_is_not_any_more_has_not_stood_it() {
    for (last, said) in [
        (gone(), "has ended, and none has come since"),
        (sight(down(), None), "was ready before, and is not since"),
        (
            sight(Err(AskError::Silent { after: MS(2000) }), None),
            "was ready before, and since: the gateway does not answer within 2s",
        ),
    ] {
        let mut trial = trial(Depth::Probe, ReloadClass::Hot, sight(up(10_000), None));
        for at in [920, 960] {
            assert_eq!(trial.judge(last.clone(), MS(at)), None);
        }
        let Confirmation::Rejected { why } = trial.end() else { panic!("it is rejected") };
        assert!(why.contains(said), "{why}");
    }
}

#[test]
fn who_was_not_well_before_proves_nothing() {
    for before in [sight(down(), None), sight(Err(AskError::Silent { after: MS(1) }), None)] {
        let mut trial = trial(Depth::Probe, ReloadClass::Hot, before.clone());
        assert_eq!(trial.judge(before, MS(960)), None);
        assert!(matches!(trial.end(), Confirmation::Unconfirmed { .. }));
    }
    // Nobody is waited for who was not there.
    let mut trial = trial(Depth::Probe, ReloadClass::Hot, gone());
    assert_eq!(trial.judge(gone(), MS(100)), None);
    let why = AskError::NotRunning.to_string();
    assert_eq!(trial.judge(gone(), MS(901)), Some(Confirmation::Unconfirmed { why }));
}

#[test]
fn a_flapping_probe_must_hold_twice() {
    let mut trial = trial(Depth::Probe, ReloadClass::Hot, sight(up(10_000), None));
    let looks = [
        (920, sight(up(10_930), None)),
        (960, sight(down(), None)),
        (1000, sight(up(11_010), None)),
        (1040, sight(Err(AskError::Odd { what: "`/readyz` answered 500".to_owned() }), None)),
        (1080, sight(up(11_090), None)),
        (1120, sight(up(11_130), None)),
    ];
    confirmed(&mut trial, &looks);
}

#[test]
fn a_login_that_is_refused_ends_the_wait_unless_the_secret_is_changing() {
    let refused = || AskError::Refused { code: "AUTH_TOKEN_MISMATCH".to_owned() };
    let look = |uptime| Sight { config: Some(Err(refused())), ..sight(up(uptime), None) };
    let mut hot = trial(Depth::Applied, ReloadClass::Hot, look(10_000));
    assert_eq!(hot.judge(look(10_900), MS(890)), None);
    let why = refused().to_string();
    let known = Some(Confirmation::Unconfirmed { why });
    assert_eq!(hot.judge(look(10_960), MS(950)), known);
    let mut auth = trial(Depth::Applied, ReloadClass::Auth, look(10_000));
    assert_eq!(auth.judge(look(10_900), MS(890)), None);
    assert_eq!(auth.judge(look(10_960), MS(950)), None);
    assert_eq!(Some(auth.end()), known);
}
