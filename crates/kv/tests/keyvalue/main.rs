//! What every backend promises, asked of each in the same words.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod backends;
mod exchanges;
mod listing;
mod numbers;
mod values;

use std::any::Any;
use std::sync::Arc;

use tollgate_kv::{Durability, KeyValue};

use crate::backends::{memory, nats, redb, redis, redis_cluster};

type Values = Arc<dyn KeyValue>;

/// A fresh, empty backend.
struct Fresh {
    values: Values,
    /// The file or the server that it needs, until the test is over.
    _keeper: Box<dyn Any + Send>,
}

/// Makes a module of tests that run each promise on one backend.
macro_rules! backend {
    ($backend:ident, $fresh:expr; $($file:ident::$promise:ident)*) => {
        mod $backend {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $promise() {
                    let fresh: Fresh = $fresh;
                    crate::$file::$promise(&fresh.values).await;
                }
            )*
        }
    };
}

/// What every backend promises.
macro_rules! promises {
    ($($promise:tt)*) => {
        backend!(in_memory, memory(); $($promise)*);
        backend!(redb_immediate, redb(Durability::Immediate); $($promise)*);
        backend!(redb_grouped, redb(Durability::Grouped); $($promise)*);
        backend!(redb_none, redb(Durability::None); $($promise)*);
        backend!(redis, redis().await; $($promise)*);
        backend!(redis_cluster, redis_cluster().await; $($promise)*);
        backend!(nats, nats().await; $($promise)*);
    };
}

/// What those promise that list in ascending order.
macro_rules! ordered_promises {
    ($($promise:tt)*) => {
        backend!(ordered_in_memory, memory(); $($promise)*);
        backend!(ordered_redb_immediate, redb(Durability::Immediate); $($promise)*);
        backend!(ordered_redb_grouped, redb(Durability::Grouped); $($promise)*);
        backend!(ordered_redb_none, redb(Durability::None); $($promise)*);
    };
}

/// What those promise that don't.
macro_rules! unordered_promises {
    ($($promise:tt)*) => {
        backend!(unordered_redis, redis().await; $($promise)*);
        backend!(unordered_redis_cluster, redis_cluster().await; $($promise)*);
        backend!(unordered_nats, nats().await; $($promise)*);
    };
}

promises! {
    values::what_is_set_is_got
    values::an_absent_key_is_no_value
    values::values_are_any_bytes
    values::keys_are_any_text
    values::keys_that_are_too_long_are_refused
    values::values_that_are_too_long_are_refused
    values::a_flush_changes_no_value
    exchanges::of_two_creators_one_wins
    exchanges::a_stale_swap_changes_nothing
    exchanges::a_swap_that_expects_a_value_does_not_create
    exchanges::swaps_that_start_from_an_absent_key_lose_nothing
    exchanges::of_64_concurrent_creators_exactly_one_is_done
    exchanges::a_deleted_key_can_be_created_again
    exchanges::only_what_was_seen_is_removed
    exchanges::what_is_absent_is_removed_already
    exchanges::several_keys_change_together_or_not_at_all
    exchanges::what_can_not_be_exchanged_together_is_refused
    numbers::concurrent_increments_lose_nothing
    numbers::an_increment_of_what_is_no_number_changes_nothing
    numbers::an_increment_that_overflows_changes_nothing
    numbers::increments_carry_over_bytes_and_signs
    numbers::increments_and_values_are_the_same_bytes
    listing::every_key_is_listed_on_pages
    listing::a_listing_without_the_deleted_keys
    listing::keys_that_stay_are_listed_while_others_change
}

ordered_promises! {
    listing::keys_are_listed_in_order_on_pages
    listing::a_listing_starts_after_its_cursor
    listing::keys_that_stay_are_listed_once_while_others_change
}

unordered_promises! {
    listing::a_cursor_of_no_page_is_refused
}

/// Runs `tasks` tasks that start together; answers what each answered.
async fn at_once<T, F>(tasks: usize, values: &Values, work: impl Fn(Values, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(tokio::sync::Barrier::new(tasks));
    let tasks: Vec<_> = (0..tasks)
        .map(|number| {
            let start = Arc::clone(&start);
            let work = work(Arc::clone(values), number);
            tokio::spawn(async move {
                start.wait().await;
                work.await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

/// Sets all keys, at the same time: one by one they would wait for an fsync each.
async fn put_all(values: &Values, keys: impl IntoIterator<Item = impl Into<String>>) {
    let keys: Arc<[String]> = keys.into_iter().map(Into::into).collect();
    at_once(keys.len(), values, |values, number| {
        let keys = Arc::clone(&keys);
        async move { values.set(&keys[number], vec![1]).await.unwrap() }
    })
    .await;
}
