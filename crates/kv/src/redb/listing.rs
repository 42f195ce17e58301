//! Listing keys that are in several layers, of which newer ones override older ones.

use std::collections::BTreeMap;
use std::ops::Bound;

use ::redb::StorageError;
use tollgate_store::Page;

use super::open::Snapshot;
use crate::contract::PAGE_KEYS_MAX;

/// The first keys of one layer, ascending, and whether each exists or was deleted. After
/// [`PAGE_KEYS_MAX`] keys there may be more.
pub(super) type Layer = Vec<(String, bool)>;

/// As many keys of a layer as a page needs.
pub(super) fn layer<'a>(keys: impl Iterator<Item = (&'a str, bool)>) -> Layer {
    keys.take(PAGE_KEYS_MAX).map(|(key, there)| (key.to_owned(), there)).collect()
}

/// The layer of the committed keys.
pub(super) fn committed(snapshot: &Snapshot, cursor: Option<&str>) -> Result<Layer, StorageError> {
    let start = cursor.map_or(Bound::Unbounded, Bound::Excluded);
    snapshot
        .range::<&str>((start, Bound::Unbounded))?
        .take(PAGE_KEYS_MAX)
        .map(|entry| entry.map(|(key, _)| (key.value().to_owned(), true)))
        .collect()
}

/// The keys that exist, given the layers from the oldest to the newest.
pub(super) fn merge(layers: [Layer; 3]) -> Page {
    // Where a layer has more keys, what it says beyond its last one here is unknown.
    let known_through = layers
        .iter()
        .filter(|layer| layer.len() >= PAGE_KEYS_MAX)
        .filter_map(|layer| layer.last())
        .map(|(key, _)| key.clone())
        .min();
    let mut known = BTreeMap::new();
    for (key, there) in layers.into_iter().flatten() {
        if known_through.as_ref().is_none_or(|end| key <= *end) {
            known.insert(key, there);
        }
    }
    let mut there = known.into_iter().filter(|(_, there)| *there).map(|(key, _)| key);
    let keys: Vec<String> = there.by_ref().take(PAGE_KEYS_MAX).collect();
    let cursor = match there.next() {
        Some(_) => keys.last().cloned(),
        None => known_through,
    };
    Page { keys, cursor }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(prefix: &str, count: usize, there: bool) -> Layer {
        (0..count).map(|number| (format!("{prefix}{number:05}"), there)).collect()
    }

    #[test]
    fn newer_layers_overrule_older_ones() {
        let old = vec![("a".to_owned(), true), ("b".to_owned(), true), ("c".to_owned(), true)];
        let newer = vec![("a".to_owned(), false), ("b".to_owned(), false)];
        let newest = vec![("b".to_owned(), true), ("d".to_owned(), true)];
        let page = merge([old, newer, newest]);
        assert_eq!(page.keys, ["b", "c", "d"]);
        assert_eq!(page.cursor, None);
    }

    #[test]
    fn a_page_ends_where_a_layer_was_cut_off() {
        // "z" must not be listed yet, though there is room: the first layer may have more keys before it.
        let newest = vec![("k00000".to_owned(), false), ("z".to_owned(), true)];
        let page = merge([keys("k", PAGE_KEYS_MAX, true), vec![], newest]);
        assert_eq!(page.keys.len(), PAGE_KEYS_MAX - 1);
        assert_eq!(page.cursor.as_deref(), Some("k00999"));
    }

    #[test]
    fn a_page_takes_no_more_than_its_most() {
        let page = merge([keys("b", 999, true), keys("a", 999, true), vec![]]);
        assert_eq!(page.keys.len(), PAGE_KEYS_MAX);
        assert_eq!(page.cursor.as_deref(), Some("b00000"));
    }

    #[test]
    fn a_stretch_of_deletions_is_an_empty_page_that_goes_on() {
        let deleted = keys("k", PAGE_KEYS_MAX, false);
        let page = merge([keys("k", PAGE_KEYS_MAX, true), vec![], deleted]);
        assert_eq!(page.keys, [""; 0]);
        assert_eq!(page.cursor.as_deref(), Some("k00999"));
    }
}
