//! Waiting on any async runtime, and on none: timers are the crate's own.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::future::Future;
use std::thread;

use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;
use tollgate::{AcquireError, Clock, Limit, Limiter, Policy, Span};

/// Long enough to be told from no wait at all.
const EMISSION: Span = Span::from_millis(20);
const PATIENCE: Span = Span::from_secs(60);

/// Three tasks want one key that one passes at a time: the last one has waited twice. One who may not wait
/// is told so at once.
async fn take_turns(limiter: Limiter) -> Span {
    let (one, start) = (limiter.policy().costs([]).unwrap(), limiter.clock().now());
    limiter.acquire("key", one, PATIENCE).await.unwrap();
    let too_soon = limiter.acquire("key", one, Span::ZERO).await;
    assert!(matches!(too_soon, Err(AcquireError::TimedOut(_))));
    let both = (limiter.acquire("key", one, PATIENCE), limiter.acquire("key", one, PATIENCE));
    let (second, third) = futures::future::join(both.0, both.1).await;
    assert!(second.unwrap().is_allowed() && third.unwrap().is_allowed());
    limiter.clock().now().since(start)
}

fn turns() -> impl Future<Output = Span> + Send + 'static {
    let limit = Limit::gcra("requests", 1, EMISSION, 1).unwrap();
    take_turns(Limiter::new(Policy::new([limit]).unwrap()))
}

fn assert_waited(waited: Span) {
    assert!(waited.as_nanos() >= 2 * EMISSION.as_nanos(), "{waited:?}");
}

/// An executor of a few lines, which has no timers.
#[test]
fn on_pollster() {
    assert_waited(pollster::block_on(turns()));
}

/// A task among others on one thread.
#[test]
fn on_an_executor_of_futures() {
    let mut pool = LocalPool::new();
    let tasks = [(); 3].map(|()| pool.spawner().spawn_local_with_handle(turns()).unwrap());
    for waited in pool.run_until(futures::future::join_all(tasks)) {
        assert_waited(waited);
    }
}

/// A task of tokio, whose own timers are not even enabled.
#[test]
fn on_tokio_without_its_timers() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    assert_waited(runtime.block_on(async { tokio::spawn(turns()).await.unwrap() }));
}

/// Threads that sleep, without any executor.
#[test]
fn on_threads() {
    let limit = Limit::gcra("requests", 1, EMISSION, 1).unwrap();
    let limiter = Limiter::new(Policy::new([limit]).unwrap());
    let (one, start) = (limiter.policy().costs([]).unwrap(), limiter.clock().now());
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| limiter.acquire_blocking("key", one, PATIENCE).unwrap());
        }
    });
    assert_waited(limiter.clock().now().since(start));
}
