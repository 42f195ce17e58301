//! The fields `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
//!
//! | draft | `RateLimit` | `RateLimit-Policy` |
//! |---|---|---|
//! | 08 to 10 | `"name";r=50;t=30` | `"name";q=100;w=60` |
//! | 07 | `limit=100, remaining=50, reset=30` | `100;w=60` (adds nothing to the `limit`) |
//!
//! Draft 06 has the fields `RateLimit-Limit`, `-Remaining` and `-Reset` instead, which are shaped
//! like those that begin with `X-`.

use alloc::vec::Vec;

use super::level::{Dimension, Level};
use super::structured_field::{self, Item, Member};
use crate::time::Span;

/// The levels in `RateLimit`; none if it is malformed.
pub(super) fn parse(value: &[u8]) -> impl Iterator<Item = Level> {
    members(value).into_iter().filter_map(|member| match member.key {
        Some(key) => draft_07(key, member.value.unsigned()?),
        None => remaining(&member),
    })
}

/// The limits in `RateLimit-Policy`; none if it is malformed.
pub(super) fn parse_policy(value: &[u8]) -> impl Iterator<Item = Level> {
    members(value).into_iter().filter_map(|member| {
        let limit = Some(member.parameter("q")?);
        Some(Level { limit, ..Level::unknown(name(&member)?) })
    })
}

fn members(value: &[u8]) -> Vec<Member<'_>> {
    structured_field::parse(value).unwrap_or_default()
}

/// `r` is required, `t` is not.
fn remaining(member: &Member<'_>) -> Option<Level> {
    let remaining = Some(member.parameter("r")?);
    let reset_after = member.parameter("t").map(Span::from_secs);
    Some(Level { remaining, reset_after, ..Level::unknown(name(member)?) })
}

fn draft_07(key: &[u8], number: u64) -> Option<Level> {
    let unknown = Level::unknown(Dimension::Requests);
    match key {
        b"limit" => Some(Level { limit: Some(number), ..unknown }),
        b"remaining" => Some(Level { remaining: Some(number), ..unknown }),
        b"reset" => Some(Level { reset_after: Some(Span::from_secs(number)), ..unknown }),
        _ => None,
    }
}

fn name(member: &Member<'_>) -> Option<Dimension> {
    match &member.value {
        Item::Text(name) if member.key.is_none() => Dimension::named(name),
        _ => None,
    }
}
