//! Swaps that wait for Redis at the same moment: they share calls of the script, and nothing else.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod faults;

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::{FutureExt as _, join_all};
use tokio::time::timeout;
use tollgate_kv::{KeyValue, KeyValueError, Redis, Swap};
use tollgate_test_servers::{Network, Proxy, RedisServer};

use crate::faults::{SHORT, recovered};

/// Time enough for a swap to be sent, or to wait for a call.
const STARTED: Duration = Duration::from_millis(10);

/// The address of a server that may take its time: other tests keep the machine busy.
fn patient(server: &RedisServer) -> String {
    format!("{}?response_timeout_ms=20000", server.url())
}

/// How often a script was called, the question included.
fn script_calls(server: &RedisServer) -> u32 {
    let count = "tonumber(redis.call('INFO','commandstats'):match('evalsha:calls=(%d+)'))";
    let answer = server.command(&format!("EVAL \"return {count}\" 0"));
    answer.trim_start_matches(':').parse().expect(&answer)
}

/// Swaps that take all calls there are, of a server that stands still: one after the other, so that each has one of its
/// own, and the last ones wait.
async fn all_calls(values: &Redis) -> Vec<impl Future<Output = Result<Swap, KeyValueError>>> {
    let mut asked = Vec::new();
    for number in 0..8 {
        let key = format!("k{number}");
        let mut swap = Box::pin(async move { values.swap(&key, None, vec![1]).await });
        assert!(timeout(STARTED, &mut swap).await.is_err());
        asked.push(swap);
    }
    asked
}

#[tokio::test]
async fn swaps_that_wait_together_share_calls() {
    let server = RedisServer::start();
    let values = Redis::connect(&patient(&server)).await.unwrap();
    let keys: Vec<String> = (0..1_000).map(|number| format!("k{number}")).collect();
    let create = |key| values.swap(key, None, vec![1]);
    for end in join_all(keys.iter().map(|key| create(key))).await {
        assert_eq!(end, Ok(Swap::Done));
    }
    let calls = script_calls(&server);
    assert!((16..100).contains(&calls), "at most 64 share one: {calls}");
}

#[tokio::test]
async fn each_of_them_ends_by_itself() {
    let server = RedisServer::start();
    let values = Redis::connect(&patient(&server)).await.unwrap();
    values.set("there", b"one".to_vec()).await.unwrap();
    assert_eq!(server.command("RPUSH tollgate:list not ours"), ":2");
    let seen = Some(&b"one"[..]);
    let two = || b"two".to_vec();
    // All of them wait before the first call is made, and share it.
    let ahead = join_all((0..8).map(|_| values.swap("ahead", seen, two())));
    let ends = tokio::join!(
        ahead,
        values.swap("list", None, two()),
        values.swap("there", None, b"none".to_vec()),
        values.swap("there", seen, two()),
        values.swap("there", seen, two()),
        values.swap("absent", seen, two()),
        values.swap("new", None, two()),
    );
    assert_eq!(ends.0, vec![Ok(Swap::Conflict); 8]);
    let Err(KeyValueError::Backend(message)) = ends.1 else { panic!("{:?}", ends.1) };
    assert!(message.contains("WRONGTYPE") && message.contains("://127.0.0.1:"), "{message}");
    assert_eq!((ends.2, ends.3), (Ok(Swap::Conflict), Ok(Swap::Done)));
    assert_eq!((ends.4, ends.5, ends.6), (Ok(Swap::Conflict), Ok(Swap::Conflict), Ok(Swap::Done)));
    assert_eq!(values.recall("there"), Some(Some(two())));
    assert_eq!(values.get("new").await, Ok(Some(two())));
}

/// They would need many calls in turn, and nobody waits for that.
#[tokio::test]
async fn thousands_that_wait_for_a_silent_server_wait_no_longer_than_one() {
    let server = RedisServer::start();
    let values = Redis::connect(&format!("{}?{SHORT}", server.url())).await.unwrap();
    server.pause();
    let keys: Vec<String> = (0..3_000).map(|number| format!("k{number}")).collect();
    let mut limits = BTreeSet::new();
    for end in join_all(keys.iter().map(|key| values.swap(key, None, vec![1]))).await {
        let Err(KeyValueError::Backend(message)) = end else { panic!("{end:?}") };
        let (_, limit) = message.split_once("no answer within ").expect(&message);
        limits.insert(limit.to_owned());
    }
    assert!(limits.remove("200ms"), "those of the first calls: {limits:?}");
    assert!(limits.remove("500ms"), "the rest, which also had the time to connect: {limits:?}");
    limits.remove("300ms");
    assert!(limits.is_empty(), "{limits:?}");
    server.resume();
    recovered(&values).await;
    assert_eq!(values.swap("later", None, vec![1]).await, Ok(Swap::Done));
}

/// The connection breaks while four calls are under way; the fifth is made over the next one.
#[tokio::test]
async fn a_call_that_breaks_off_fails_its_own_swaps_alone() {
    let server = RedisServer::start();
    let network = Proxy::start(server.port());
    let address = format!("redis://127.0.0.1:{}?response_timeout_ms=20000", network.port());
    let values = Redis::connect(&address).await.unwrap();
    network.set(Network::Slow(20 * STARTED));
    let keys: Vec<String> = (0..300).map(|number| format!("k{number}")).collect();
    let mut swaps = Box::pin(join_all(keys.iter().map(|key| values.swap(key, None, vec![1]))));
    assert!(timeout(STARTED, &mut swaps).await.is_err(), "they are under way");
    network.set(Network::Whole);
    assert_eq!(server.command("CLIENT KILL TYPE normal"), ":1");
    let ends = swaps.await;
    let failed = ends.iter().position(Result::is_ok).expect("the last ones wait for a call");
    assert!((1..=4 * 64).contains(&failed), "{failed}");
    assert_eq!(ends[failed..], vec![Ok(Swap::Done); 300 - failed]);
}

#[tokio::test]
async fn a_swap_whose_caller_has_gone_before_its_call_is_not_done() {
    let server = RedisServer::start();
    let values = Redis::connect(&patient(&server)).await.unwrap();
    server.pause();
    let ahead = all_calls(&values).await;
    assert!(timeout(STARTED, values.swap("gone", None, vec![1])).await.is_err());
    server.resume();
    assert_eq!(join_all(ahead).await, vec![Ok(Swap::Done); 8]);
    assert_eq!(values.get("gone").await, Ok(None));
}

/// They would all meet a conflict.
#[tokio::test]
async fn a_swap_whose_caller_has_gone_is_done_if_others_build_on_it() {
    let server = RedisServer::start();
    let values = Redis::connect(&patient(&server)).await.unwrap();
    server.pause();
    let ahead = all_calls(&values).await;
    let mut gone = Box::pin(values.swap("k", None, vec![1]));
    assert!((&mut gone).now_or_never().is_none());
    let mut next = Box::pin(values.swap("k", Some(&[1]), vec![2]));
    assert!((&mut next).now_or_never().is_none());
    drop(gone);
    server.resume();
    assert_eq!(join_all(ahead).await, vec![Ok(Swap::Done); 8]);
    assert_eq!(next.await, Ok(Swap::Done));
    assert_eq!(values.get("k").await, Ok(Some(vec![2])));
}

/// Another program wrote, so what this one remembers is stale. It is asked again and again, each time while the call
/// before is still on its way.
#[tokio::test]
async fn those_who_keep_building_on_each_other_stop_building_on_a_lost_swap() {
    let server = RedisServer::start();
    let network = Proxy::start(server.port());
    let address = format!("redis://127.0.0.1:{}?response_timeout_ms=20000", network.port());
    let values = Redis::connect(&address).await.unwrap();
    assert_eq!(values.swap("k", None, vec![0]).await, Ok(Swap::Done));
    assert_eq!(server.command("SET tollgate:k theirs"), "+OK");
    network.set(Network::Slow(20 * STARTED));
    let build = async |number: u8| {
        let seen = values.recall("k").unwrap();
        values.swap("k", seen.as_deref(), vec![number]).await.unwrap()
    };
    let mut ends = Vec::new();
    let mut last = Box::pin(build(1));
    for number in 2..10 {
        assert!(timeout(STARTED, &mut last).await.is_err(), "it is under way");
        let mut next = Box::pin(build(number));
        assert!((&mut next).now_or_never().is_none(), "it builds on the last one");
        ends.push(last.await);
        last = next;
    }
    ends.push(last.await);
    assert_eq!(ends[..2], [Swap::Conflict; 2], "the first is stale, and the second built on it");
    assert_eq!(ends[2..], [Swap::Done; 7]);
}
