//! Listing keys with SCAN, node by node.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use ::redis::{Cmd, RedisResult, Value, cmd, from_redis_value};
use tollgate_store::Page;

use super::connection::Connection;
use crate::contract::{KEY_BYTES_MAX, KeyValueError, PAGE_KEYS_MAX};

/// How many keys the server is asked for. It may return more: all that share a bucket of its hash table.
const KEYS_PER_SCAN: usize = PAGE_KEYS_MAX / 2;

/// Where a listing resumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Position {
    /// Index into the [`nodes`].
    pub(super) node: usize,
    /// That node's own cursor.
    cursor: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.node, self.cursor)
    }
}

impl FromStr for Position {
    type Err = KeyValueError;

    fn from_str(text: &str) -> Result<Self, KeyValueError> {
        let numbers = text.split_once('.');
        let position =
            numbers.and_then(|(node, cursor)| Some((node.parse().ok()?, cursor.parse().ok()?)));
        let (node, cursor) = position.ok_or(KeyValueError::Cursor)?;
        Ok(Self { node, cursor })
    }
}

/// The first slot of each primary; any slot where there is one server.
pub(super) async fn nodes(to: Connection) -> RedisResult<Vec<u16>> {
    let Connection::Cluster(mut cluster) = to else { return Ok(vec![0]) };
    let ranges: Vec<Vec<Value>> = cmd("CLUSTER").arg("SLOTS").query_async(&mut cluster).await?;
    let mut first_slots = BTreeMap::new();
    for range in ranges {
        // Each is: first slot, last slot, primary, replicas. The primary is: host, port, id, and more.
        if let [first, _, Value::Array(primary), ..] = &range[..] {
            let slot: u16 = from_redis_value(first.clone())?;
            let id: Option<String> = primary.get(2).cloned().map(from_redis_value).transpose()?;
            let known = first_slots.entry(id).or_insert(slot);
            *known = slot.min(*known);
        }
    }
    let mut slots: Vec<u16> = first_slots.into_values().collect();
    slots.sort_unstable();
    Ok(slots)
}

/// Asks for the page at `position`.
pub(super) fn command(prefix: &str, position: Position) -> Cmd {
    let mut command = cmd("SCAN");
    command.arg(position.cursor).arg("MATCH").arg(pattern(prefix));
    command.arg("COUNT").arg(KEYS_PER_SCAN);
    command
}

/// The pattern that matches every key that starts with `prefix`.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for character in prefix.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('*');
    pattern
}

/// The page in an answer, without what others put under the prefix and is not a valid key.
pub(super) fn page(
    prefix: &str,
    (cursor, keys): (u64, Vec<Vec<u8>>),
    position: Position,
    nodes: usize,
) -> Page {
    let key = |key: Vec<u8>| {
        let key = String::from_utf8(key).ok()?;
        let key = key.strip_prefix(prefix)?;
        (1..=KEY_BYTES_MAX).contains(&key.len()).then(|| key.to_owned())
    };
    let keys: BTreeSet<String> = keys.into_iter().filter_map(key).collect();
    let next = match cursor {
        0 => Position { node: position.node + 1, cursor: 0 },
        cursor => Position { node: position.node, cursor },
    };
    let cursor = (next.node < nodes).then(|| next.to_string());
    Page { keys: keys.into_iter().collect(), cursor }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn a_position_reads_back() {
        let position = Position { node: 2, cursor: u64::MAX };
        assert_eq!(position.to_string().parse(), Ok(position));
    }

    #[test]
    fn what_is_no_position_is_refused() {
        for text in ["", "0", ".", "0.", ".0", "-1.0", "0.18446744073709551616", "r/api/alice"] {
            assert_eq!(text.parse::<Position>(), Err(KeyValueError::Cursor), "{text:?}");
        }
    }

    #[test]
    fn a_prefix_matches_itself_alone() {
        assert_eq!(pattern("a*b?[c]\\:"), "a\\*b\\?\\[c\\]\\\\:*");
    }

    #[test]
    fn a_page_has_our_keys_once_and_leads_to_the_next_node() {
        let keys = ["t:b", "t:a", "t:b", "t:", "u:c"].map(|key| key.as_bytes().to_vec());
        let told = keys.into_iter().chain([vec![b't', b':', 0xff]]).collect();
        let first = page("t:", (0, told), Position::default(), 2);
        assert_eq!(first.keys, ["a", "b"]);
        let next: Position = first.cursor.unwrap().parse().unwrap();
        assert_eq!(next, Position { node: 1, cursor: 0 });
        assert_eq!(page("t:", (0, Vec::new()), next, 2).cursor, None);
        assert_eq!(page("t:", (7, Vec::new()), next, 2).cursor.as_deref(), Some("1.7"));
    }
}
