//! Inserting into a list, and removing from it, without a panic path: the methods of `Vec` have one for
//! an index beyond the end, which the compiler can't rule out.

use alloc::vec::Vec;
use core::mem;

/// Inserts `item` before the item at `index`; at the end when there is none.
pub(crate) fn insert<T>(items: &mut Vec<T>, index: usize, item: T) {
    let mut carried = item;
    for slot in items.get_mut(index..).unwrap_or_default() {
        mem::swap(slot, &mut carried);
    }
    items.push(carried);
}

/// Removes the item at `index`; `None` when there is none.
pub(crate) fn remove<T>(items: &mut Vec<T>, index: usize) -> Option<T> {
    items.get(index)?;
    let mut carried = items.pop()?;
    for slot in items.get_mut(index..).unwrap_or_default().iter_mut().rev() {
        mem::swap(slot, &mut carried);
    }
    Some(carried)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// At every index, and beyond the end, both do what `Vec` does where it does not panic.
    #[test]
    fn as_vec_does() {
        for length in 0..5_usize {
            let items: Vec<_> = (0..length).collect();
            for index in 0..=length {
                let (mut ours, mut theirs) = (items.clone(), items.clone());
                insert(&mut ours, index, 99);
                theirs.insert(index, 99);
                assert_eq!(ours, theirs);
                assert_eq!(remove(&mut ours, index), Some(99));
                assert_eq!(ours, items);
            }
            let mut ours = items.clone();
            assert_eq!(remove(&mut ours, length), None, "there is none");
            assert_eq!(ours, items);
            insert(&mut ours, length + 7, 99);
            assert_eq!(ours.last(), Some(&99), "the end");
        }
    }
}
