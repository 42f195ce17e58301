//! Threads.

use std::thread;
use std::time::{Duration, Instant};

use tollgate_client::blocking::Client;
use tollgate_client::{
    Acquire, AcquireError, AdaptiveLimit, ClientError, Config, Cost, EventReport, Priority,
    Reported, Settled, Verdict,
};

use super::support::Service;
use super::{MINUTE, config};

fn start() -> (Service, Client) {
    let service = Service::start();
    let client = Client::new(config(&service));
    (service, client)
}

fn left(client: &Client, policy: &str, key: &str, limit: &str) -> u64 {
    client.peek(policy, key).unwrap()[limit].remaining
}

/// The answer to a charge is lost twice: the third one is told what the first one did.
#[test]
fn a_lost_answer_is_charged_once() {
    let (service, client) = start();
    service.cut(2);
    let answer = client.try_acquire(&Acquire::new("budget", "alice", 10)).unwrap();
    assert_eq!((answer.verdict, service.asked()), (Verdict::Allowed, 3));
    assert_eq!(left(&client, "budget", "alice", "units"), 90);
}

/// A hold whose answer is lost is the one that the repetition gets.
#[test]
fn a_lost_hold_is_held_once() {
    let (service, client) = start();
    service.cut(2);
    let lease = client.hold(&Acquire::new("budget", "alice", 10), MINUTE, MINUTE).unwrap();
    assert_eq!(left(&client, "budget", "alice", "units"), 90);
    service.cut(2);
    assert_eq!(lease.settle(3), Ok(Settled::Charged));
    assert_eq!(left(&client, "budget", "alice", "units"), 97);
}

/// The id of a hold is remembered for longer than the hold: who comes back under it then holds nothing.
#[test]
fn a_repeated_hold_is_held_or_an_error() {
    let (_service, client) = start();
    let asked = Acquire::new("budget", "alice", 10).with_request_id("7f3a9c");
    let first = client.hold(&asked, MINUTE, MINUTE).unwrap();
    let second = client.hold(&asked, MINUTE, MINUTE).unwrap();
    assert_eq!((first.answer().is_repeated, second.answer().is_repeated), (false, true));
    assert_eq!(left(&client, "budget", "alice", "units"), 90);
    assert_eq!(first.release(), Ok(true));
    let error = client.hold(&asked, MINUTE, MINUTE).unwrap_err();
    assert!(
        error.to_string().starts_with("request_id: it was settled or released before"),
        "{error}"
    );
    assert_eq!(left(&client, "budget", "alice", "units"), 100);
}

/// Several keys and batches are repeated under their ids as one key is.
#[test]
fn several_keys_and_batches_are_charged_once() {
    let (service, client) = start();
    service.cut(2);
    let both = Acquire::new("budget", "alice", 10).and("budget", "acme", 20);
    assert!(client.try_acquire(&both).unwrap().is_allowed());
    service.cut(2);
    let batch = [Acquire::new("budget", "alice", 1), Acquire::new("budget", "acme", 81)];
    let batched = client.try_acquire_batch(&batch).unwrap();
    let verdicts: Vec<_> = batched.into_iter().map(|it| it.unwrap().verdict).collect();
    assert_eq!(verdicts, [Verdict::Allowed, Verdict::Limited]);
    assert_eq!(left(&client, "budget", "alice", "units"), 89);
    assert_eq!(left(&client, "budget", "acme", "units"), 80);
}

/// What would be done twice is not sent twice, and the caller is told that it is unclear.
#[test]
fn what_is_not_safe_is_not_sent_again() {
    let (service, client) = start();
    let calls = AdaptiveLimit::new("upstream", "openai").of("calls").because("agent-3", "429");
    let unsafe_calls: [&dyn Fn() -> Result<(), ClientError>; 2] = [
        &|| client.try_acquire(&Acquire::new("budget", "alice", 10).without_request_id()).map(drop),
        &|| client.reduce_capacity(&calls, None).map(drop),
    ];
    for (asked, call) in unsafe_calls.iter().enumerate() {
        service.cut(1);
        assert!(matches!(call(), Err(ClientError::Unavailable { is_unclear: true, .. })));
        assert_eq!(service.asked(), asked + 1);
    }
    assert_eq!(left(&client, "budget", "alice", "units"), 90);
    let capacity = client.capacity("upstream", "openai").unwrap().remove(0);
    let change = capacity.change.unwrap();
    assert_eq!((capacity.capacity, capacity.original), (50, 100));
    assert_eq!((&*change.source, &*change.reason, change.capacity), ("agent-3", "429", 50));
}

/// Who asks again under an id of its own, after a restart for example, is charged once.
#[test]
fn an_id_of_the_callers_is_charged_once() {
    let (_service, client) = start();
    let job = Acquire::new("budget", "alice", 10).with_request_id("job-7");
    for asked in [&job, &job, &job.clone().with_request_id("job-8")] {
        assert!(client.try_acquire(asked).unwrap().is_allowed());
    }
    assert_eq!(left(&client, "budget", "alice", "units"), 80);
}

/// 300 ms are waited for on the service, whether for one key or for several: one request is sent.
#[test]
fn a_short_wait_is_the_services() {
    let (service, client) = start();
    let one = Acquire::new("quick", "alice", 1);
    let both = one.clone().and("budget", "acme", 1);
    assert!(client.try_acquire(&one).unwrap().is_allowed());
    for asked in [one, both] {
        let (before, count) = (Instant::now(), service.asked());
        assert!(client.acquire(&asked, MINUTE).unwrap().is_allowed());
        assert!(before.elapsed() >= Duration::from_millis(250), "{:?}", before.elapsed());
        assert_eq!(service.asked(), count + 1);
    }
}

/// Who can't be let in in time is told at once, and who never can, that.
#[test]
fn what_can_not_be_waited_for_is_told() {
    let (service, client) = start();
    let asked = Acquire::new("hourly", "alice", 1);
    assert!(client.acquire(&asked, Duration::ZERO).unwrap().is_allowed());
    match client.acquire(&asked, MINUTE) {
        Err(AcquireError::TimedOut(answer)) => {
            let wait = answer.retry_after.unwrap();
            assert!(wait > Duration::from_secs(3_590) && wait <= 60 * MINUTE, "{wait:?}");
        }
        other => panic!("{other:?}"),
    }
    let budget = Acquire::new("budget", "alice", 60);
    assert!(client.acquire(&budget, MINUTE).is_ok());
    let spent = client.acquire(&budget, MINUTE);
    assert!(matches!(spent, Err(AcquireError::TimedOut(answer)) if answer.retry_after.is_none()));
    let too_much = client.acquire(&Acquire::new("budget", "alice", 101), MINUTE);
    assert!(matches!(too_much, Err(AcquireError::Impossible(_))));
    assert_eq!(service.asked(), 5);
}

/// A slot that is let go of early is had early, though the wait that was told is a minute.
#[test]
fn a_dropped_lease_gives_its_slot_to_who_waits() {
    let (_service, client) = start();
    let slot = Acquire::new("slots", "ci", 1);
    let lease = client.hold(&slot, MINUTE, Duration::ZERO).unwrap();
    let others = client.clone();
    let waits = thread::spawn(move || {
        let slot = Acquire::new("slots", "ci", 1);
        others.hold(&slot, MINUTE, MINUTE).map(|lease| lease.release())
    });
    thread::sleep(Duration::from_millis(100));
    let before = Instant::now();
    drop(lease);
    assert_eq!(waits.join().unwrap().unwrap(), Ok(true));
    assert!(before.elapsed() < Duration::from_secs(10), "{:?}", before.elapsed());
}

/// A lease ends once, whichever way, and nobody is told again.
#[test]
fn a_lease_ends_once() {
    let (service, client) = start();
    let hold = |policy, key, units| {
        client.hold(&Acquire::new(policy, key, units), MINUTE, Duration::ZERO).unwrap()
    };
    drop(hold("budget", "dropped", 30));
    assert_eq!(left(&client, "budget", "dropped", "units"), 70);
    let asked = service.asked();
    assert_eq!(hold("budget", "released", 30).release(), Ok(true));
    assert_eq!(hold("budget", "settled", 30).settle(10), Ok(Settled::Charged));
    assert_eq!(service.asked() - asked, 4);
    assert_eq!(left(&client, "budget", "released", "units"), 100);
    assert_eq!(left(&client, "budget", "settled", "units"), 90);
}

/// More than was held may be refused: then what was held is charged.
#[test]
fn a_lease_is_renewed_and_refused() {
    let (_service, client) = start();
    let asked = Acquire::new("strict", "alice", 30);
    let lease = client.hold(&asked, MINUTE, Duration::ZERO).unwrap();
    assert_eq!(lease.renew(MINUTE), Ok(true));
    assert_eq!(lease.settle(131), Ok(Settled::AsHeld));
    assert_eq!(left(&client, "strict", "alice", "units"), 70);
}

/// What has expired was charged then.
#[test]
fn an_expired_lease_is_gone() {
    let (_service, client) = start();
    let asked = Acquire::new("budget", "alice", 30);
    let lease = client.hold(&asked, Duration::from_millis(1), Duration::ZERO).unwrap();
    thread::sleep(Duration::from_millis(5));
    assert_eq!(lease.renew(MINUTE), Ok(false));
    assert_eq!(lease.settle(1), Ok(Settled::Gone));
    assert_eq!(left(&client, "budget", "alice", "units"), 70);
}

/// Each of several keys is settled for its own, or for what was held.
#[test]
fn a_lease_of_several_keys() {
    let (_service, client) = start();
    let both = Acquire::new("budget", "alice", 30).and("budget", "acme", [("units", 40)]);
    let lease = client.hold(&both, MINUTE, Duration::ZERO).unwrap();
    assert_eq!(lease.settle_each(&[Cost::from(5)]), Ok(Settled::Charged));
    assert_eq!(left(&client, "budget", "alice", "units"), 95);
    assert_eq!(left(&client, "budget", "acme", "units"), 60);
}

/// The service says what is wrong, by field, and keys are any text.
#[test]
fn refusals_name_the_field() {
    let (_service, client) = start();
    let field = |asked: Acquire| match client.try_acquire(&asked) {
        Err(ClientError::Refused { field, .. }) => field.unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(field(Acquire::new("nothing", "alice", 1)), "policy");
    assert_eq!(field(Acquire::new("budget", "", 1)), "key");
    assert_eq!(field(Acquire::new("budget", "alice", [("tokens", 1)])), "cost.tokens");
    assert_eq!(field(Acquire::new("budget", "alice", u64::MAX)), "cost");
    assert_eq!(field(Acquire::new("slots", "ci", 1)), "hold_ms");
    assert_eq!(field(Acquire::new("budget", "a", 1).and("budget", "", 1)), "keys[1].key");
    for key in ["../..", "a/b?c=d#e", "%2F", "ключ \u{7f}\n", ".."] {
        assert!(client.try_acquire(&Acquire::new("budget", key, 1)).unwrap().is_allowed());
        assert_eq!(left(&client, "budget", key, "units"), 99, "{key:?}");
    }
}

/// Half of a capacity is for the important.
#[test]
fn priorities_leave_room() {
    let (_service, client) = start();
    let low = |units| Acquire::new("budget", "alice", units).with_priority(Priority::Low);
    assert!(!client.try_acquire(&low(51)).unwrap().is_allowed());
    assert!(client.try_acquire(&low(50)).unwrap().is_allowed());
}

/// A capacity is set, reduced, and back to the policy's.
#[test]
fn capacities_change() {
    let (_service, client) = start();
    let calls = AdaptiveLimit::new("upstream", "openai");
    client.set_capacity(&calls, 40, Some(MINUTE)).unwrap();
    client.reduce_capacity(&calls, Some(250)).unwrap();
    let capacity = client.capacity("upstream", "openai").unwrap().remove(0);
    assert_eq!((capacity.capacity, capacity.per), (10, MINUTE));
    client.clear_capacity(&calls).unwrap();
    assert_eq!(client.capacity("upstream", "openai").unwrap()[0].capacity, 100);
}

/// What one caller learned of an upstream, the others know.
#[test]
fn events_are_shared() {
    let (service, client) = start();
    assert!(!client.events("openai", None, None).unwrap().is_limited);
    let report = EventReport::new("openai", "429", MINUTE).about("gpt/5").from("agent-3");
    service.cut(1);
    assert_eq!(client.report_event(&report), Ok(Reported::Known));
    let events = client.events("openai", Some("429"), Some("gpt/5")).unwrap();
    assert!(events.is_limited && events.retry_after > Duration::from_secs(40));
    assert_eq!((events.events.len(), &*events.events[0].code), (1, "429"));
    assert!(!client.events("openai", None, Some("gpt")).unwrap().is_limited);
}

/// Without its key a caller learns nothing, and none shows it.
#[test]
fn keys_are_shown_to_the_service_alone() {
    // The SHA-256 of the text `test`.
    let keys = r#"[key.gateway]
        sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        tenant = "acme"
        scopes = ["acquire"]"#;
    let service = Service::with_keys(keys);
    let asked = Acquire::new("budget", "alice", 1);
    let wrong = Client::new(config(&service).with_key("secret").unwrap());
    let right = Client::new(config(&service).with_key("test").unwrap());
    for (client, needs) in
        [(&Client::new(config(&service)), "Authorization"), (&wrong, "Authorization")]
    {
        let error = client.try_acquire(&asked).unwrap_err();
        assert!(matches!(&error, ClientError::Unauthorized { detail } if detail.contains(needs)));
        assert!(!format!("{client:?} {error:?} {error}").contains("secret"));
    }
    assert!(right.try_acquire(&asked).unwrap().is_allowed());
    let error = right.peek("budget", "alice").unwrap_err();
    assert_eq!(error.to_string(), "unauthorized: it needs the scope observe");
    let lease = right.hold(&asked, MINUTE, Duration::ZERO).unwrap();
    assert!(format!("{lease:?}").contains("token: Some(Token(..))"), "{lease:?}");
}

/// Nobody listens: it is tried as often as it may be, and clear that nothing was done.
#[test]
fn a_service_that_is_not_there() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = Client::new(Config::new(&format!("http://{free}")).unwrap().with_attempts_max(2));
    let error = client.try_acquire(&Acquire::new("budget", "alice", 1)).unwrap_err();
    assert!(matches!(error, ClientError::Unavailable { is_unclear: false, .. }), "{error}");
}
