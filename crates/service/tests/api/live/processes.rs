//! Several processes over one store, each with a copy of what was changed live.

use serde_json::json;
use tollgate_core::{Span, Timestamp};
use tollgate_policy::PolicySet;
use tollgate_service::Retention;
use tollgate_store::{Clock as _, Judgement};

use super::{BUDGET, budget, left, put, spend};
use crate::support::{Api, Fault};

#[test]
fn two_processes_change_over_in_the_same_moment() {
    let puts = Api::with(BUDGET);
    let decides = puts.beside(BUDGET);
    assert_eq!(spend(&decides, 60), 200);
    put(&puts, "b", &budget(50), "as_is");
    puts.pass(2_999);
    assert_eq!([left(&puts), left(&decides)], [40, 40]);
    puts.pass(1);
    assert_eq!([left(&puts), left(&decides)], [0, 0]);
    assert_eq!([spend(&puts, 1), spend(&decides, 1)], [429, 429]);
}

/// A process that was idle reads what has changed before it decides.
#[test]
fn a_copy_that_is_old_decides_nothing() {
    let puts = Api::with(BUDGET);
    let decides = puts.beside(BUDGET);
    assert_eq!(left(&decides), 100);
    put(&puts, "b", &budget(50), "as_is");
    puts.pass(3_600_000);
    assert_eq!(left(&decides), 50);
}

/// One whose clock is behind reads a record that was carried over as it is, and leaves it so: nothing that
/// was charged is lost, and nothing is carried over twice.
#[test]
fn a_clock_that_is_behind_takes_nothing_back() {
    let ahead = Api::with(BUDGET);
    let behind = ahead.beside(BUDGET);
    put(&ahead, "b", &budget(100), "reset");
    ahead.pass(3_000);
    spend(&ahead, 60);
    put(&ahead, "b", &budget(200), "in_proportion");
    assert_eq!(left(&behind), 40, "it knows, and waits for its time");
    let now = ahead.clock.now();
    ahead.pass(3_000);
    assert_eq!((spend(&ahead, 20), left(&ahead)), (200, 60));
    ahead.clock.set(now);
    assert_eq!(spend(&behind, 1), 429, "by the smaller numbers, all is used up");
    let penalty = json!({"policy": "b", "key": "k", "cost": 1});
    assert_eq!(behind.post("/v1/penalise", &penalty).0, 200);
    ahead.clock.set(now.plus(Span::from_secs(3)));
    assert_eq!([left(&ahead), left(&behind)], [59, 59]);
}

#[test]
fn a_process_that_can_not_read_what_changed_goes_by_what_it_knew() {
    let puts = Api::with(BUDGET);
    let decides = puts.beside(BUDGET);
    put(&puts, "b", &budget(50), "as_is");
    puts.pass(3_000);
    assert_eq!(left(&decides), 50);
    put(&puts, "b", &budget(20), "as_is");
    for fault in [Fault::Load, Fault::Silent] {
        puts.pass(3_000);
        decides.fault.set(fault);
        let before = decides.clock_millis();
        // Nobody needs the store to be told what is wrong, and by the policy that was known.
        let wrong = decides.acquire(&json!({"policy": "b", "key": "k", "cost": {"other": 1}}));
        assert_eq!(wrong.status, 400);
        assert!(decides.clock_millis() - before <= 1_000, "it is not waited for longer");
    }
    decides.fault.set(Fault::None);
    assert_eq!(left(&decides), 50, "the store is left alone for a second");
    puts.pass(1_001);
    assert_eq!(left(&decides), 20);
}

/// While the store is down a policy's own word counts, also that of one that was put live.
#[test]
fn a_live_policy_says_what_happens_when_the_store_fails() {
    let api = Api::with(BUDGET);
    let mut open = budget(5);
    open["on_store_failure"] = json!("open");
    put(&api, "b", &open, "as_is");
    api.pass(3_000);
    assert_eq!(left(&api), 5);
    api.pass(1_001);
    api.fault.set(Fault::Load);
    let answer = api.acquire(&json!({"policy": "b", "key": "k"}));
    assert_eq!((answer.status.as_u16(), answer.header("tollgate-uncounted")), (200, Some("?1")));
}

/// It costs one load a second, and nothing while the copy is fresh.
#[test]
fn a_fresh_copy_costs_no_load() {
    let api = Api::with(BUDGET);
    for _ in 0..100 {
        spend(&api, 1);
    }
    assert_eq!(api.loads.get(), 100 + 1);
    api.pass(1_000);
    spend(&api, 0);
    assert_eq!(api.loads.get(), 101 + 1, "a second later it is fresh still");
    api.pass(1);
    spend(&api, 0);
    assert_eq!(api.loads.get(), 102 + 2);
}

/// A configuration that is read anew stays under what was put on top of it.
#[test]
fn what_was_put_stays_when_the_configuration_is_read_again() {
    let api = Api::with(BUDGET);
    spend(&api, 30);
    put(&api, "b", &budget(200), "in_proportion");
    api.pass(3_000);
    let again = api.beside(&BUDGET.replace("100", "7"));
    assert_eq!(left(&again), 140, "in proportion to what the configuration said when it was put");
    api.ask("DELETE", "/v1/policies/b?migration=reset", &json!(null));
    api.pass(3_000);
    assert_eq!((left(&again), left(&api)), (7, 100));
}

/// A tenant's record that is damaged is reported, and requests go by what was known.
#[test]
fn bytes_that_are_no_policies_stop_nobody() {
    let api = Api::with(BUDGET);
    for bytes in [
        &b""[..],
        b"\x02{}",
        b"\x01{",
        b"\x01{\"revision\":1,\"policies\":[{\"name\":\"a b\",\"versions\":[]}]}",
    ] {
        api.store("p/", bytes);
        assert_eq!(left(&api.beside(BUDGET)), 100, "{bytes:?}");
        assert_eq!(api.ask("GET", "/v1/policies", &json!(null)).0, 503, "{bytes:?}");
    }
}

#[test]
fn a_clock_that_is_set_back_is_no_reason_to_keep_a_copy() {
    let puts = Api::with(BUDGET);
    let decides = puts.beside(BUDGET);
    puts.pass(3_600_000);
    assert_eq!(left(&decides), 100);
    puts.clock.set(Timestamp::from_secs(1_800_000_000));
    put(&puts, "b", &budget(50), "as_is");
    puts.pass(3_000);
    assert_eq!(left(&decides), 50);
}

/// A sweeper knows the configuration, and learns from the store what was changed: a record matters for as
/// long as the policy says that it was written under.
#[test]
fn a_sweeper_judges_records_by_the_policy_that_wrote_them() {
    let text = "[policy.b]\nrequests = { algorithm = 'gcra', limit = 1, per = '10s' }";
    let hourly = json!({"requests": {"algorithm": "gcra", "limit": 1, "per": "1h"}});
    let api = Api::with(text);
    put(&api, "b", &hourly, "as_is");
    put(&api, "new", &hourly, "as_is");
    api.pass(3_000);
    spend(&api, 1);
    api.acquire(&json!({"policy": "new", "key": "k"}));
    let retention = Retention::new(&PolicySet::parse(text).unwrap());
    let record = api.stored("r/b/k").unwrap();
    let late = Timestamp::MAX;
    assert_eq!(retention.judge("r/b/k", &record, late), Judgement::UnknownPolicy, "not yet");
    api.pass(3_600_000);
    let round = api.sweep(&retention);
    assert_eq!((round.looked_at, round.removed, round.unknown_policy), (3, 0, 0));
    assert_eq!(left(&api), 1, "it is idle, but not for a minute");
    api.pass(60_000);
    assert_eq!(api.sweep(&retention).removed, 2);
    assert!(api.stored("p/").is_some(), "what was changed stays");
    assert_eq!(
        retention.judge("r/x:b/k", &record, late),
        Judgement::UnknownPolicy,
        "a tenant's own"
    );
}

/// Of so many tenants a sweeper learns what they changed; the records of any other stay.
#[test]
fn a_sweeper_knows_a_thousand_tenants() {
    let api = Api::with(BUDGET);
    put(&api, "b", &budget(9), "reset");
    api.pass(3_000);
    spend(&api, 1);
    assert_eq!(api.post("/v1/reset", &json!({"policy": "b", "key": "k"})).0, 200);
    let (policies, record) = (api.stored("p/").unwrap(), api.stored("r/b/k").unwrap());
    let retention = Retention::new(&PolicySet::default());
    for tenant in 0..=1_000 {
        let key = format!("p/t{tenant}");
        assert_eq!(retention.judge(&key, &policies, Timestamp::EPOCH), Judgement::Foreign);
    }
    let judge = |key: &str| retention.judge(key, &record, Timestamp::EPOCH);
    assert_eq!(judge("r/t999:b/k"), Judgement::ForgetAfter(Span::ZERO));
    assert_eq!(judge("r/t1000:b/k"), Judgement::UnknownPolicy);
}
