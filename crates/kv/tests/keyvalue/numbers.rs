//! Numbers that are counted up and down.

use std::collections::BTreeSet;

use tollgate_kv::Increment;

use crate::{Values, at_once};

pub(crate) async fn concurrent_increments_lose_nothing(values: &Values) {
    let sums = at_once(8, values, |values, _| async move {
        let mut sums = Vec::new();
        for _ in 0..50 {
            let Increment::Sum(sum) = values.increment("k", 3).await.unwrap() else {
                panic!("the sum is small");
            };
            sums.push(sum);
        }
        sums
    })
    .await;
    let told: BTreeSet<i64> = sums.into_iter().flatten().collect();
    assert!(told.into_iter().eq((1..=400).map(|number| number * 3)));
}

pub(crate) async fn an_increment_of_what_is_no_number_changes_nothing(values: &Values) {
    for value in [&b""[..], b"seven", &[1; 7], &[1; 9]] {
        values.set("k", value.to_vec()).await.unwrap();
        assert_eq!(values.increment("k", 1).await, Ok(Increment::NotANumber));
        assert_eq!(values.get("k").await, Ok(Some(value.to_vec())));
    }
}

pub(crate) async fn an_increment_that_overflows_changes_nothing(values: &Values) {
    assert_eq!(values.increment("k", i64::MAX).await, Ok(Increment::Sum(i64::MAX)));
    assert_eq!(values.increment("k", 1).await, Ok(Increment::NotANumber));
    assert_eq!(values.increment("k", 0).await, Ok(Increment::Sum(i64::MAX)));
    assert_eq!(values.increment("l", i64::MIN).await, Ok(Increment::Sum(i64::MIN)));
    assert_eq!(values.increment("l", -1).await, Ok(Increment::NotANumber));
    assert_eq!(values.increment("l", 0).await, Ok(Increment::Sum(i64::MIN)));
}

pub(crate) async fn increments_and_values_are_the_same_bytes(values: &Values) {
    values.set("k", 40i64.to_le_bytes().to_vec()).await.unwrap();
    assert_eq!(values.increment("k", 2).await, Ok(Increment::Sum(42)));
    assert_eq!(values.get("k").await, Ok(Some(42i64.to_le_bytes().to_vec())));
}

/// A backend may have to add byte by byte.
pub(crate) async fn increments_carry_over_bytes_and_signs(values: &Values) {
    let steps = [255, 1, -1, -256, 1, i64::MAX, -1, i64::MIN, 1 << 53, 1, -(1 << 40), i64::MIN];
    let mut sum = 0_i64;
    for step in steps {
        let expected = match sum.checked_add(step) {
            Some(more) => {
                sum = more;
                Increment::Sum(sum)
            }
            None => Increment::NotANumber,
        };
        assert_eq!(values.increment("k", step).await, Ok(expected), "{sum} and {step}");
    }
    assert_eq!(values.get("k").await, Ok(Some(sum.to_le_bytes().to_vec())));
}
