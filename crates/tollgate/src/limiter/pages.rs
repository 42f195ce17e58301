//! A list that grows by pages, so that a million entries are never copied, nor half of them empty.

/// Entries of a page: a few KiB of keys, of which half a page is empty. The first one grows up to this as
/// any list does.
const PAGE_ENTRIES: usize = 64;

/// Entries by position. Positions are below the length, and only the last entry ever changes its own.
#[derive(Debug)]
pub(super) struct Pages<T> {
    pages: Vec<Vec<T>>,
    length: usize,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { pages: Vec::new(), length: 0 }
    }
}

impl<T> Pages<T> {
    pub(super) const fn len(&self) -> usize {
        self.length
    }

    #[inline]
    pub(super) fn get(&self, position: usize) -> Option<&T> {
        self.pages.get(position / PAGE_ENTRIES)?.get(position % PAGE_ENTRIES)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, position: usize) -> Option<&mut T> {
        self.pages.get_mut(position / PAGE_ENTRIES)?.get_mut(position % PAGE_ENTRIES)
    }

    pub(super) fn push(&mut self, entry: T) {
        let page = self.length / PAGE_ENTRIES;
        if page == self.pages.len() {
            let entries = if page == 0 { 0 } else { PAGE_ENTRIES };
            self.pages.push(Vec::with_capacity(entries));
        }
        if let Some(page) = self.pages.get_mut(page) {
            page.push(entry);
            self.length += 1;
        }
    }

    /// Takes out the entry at `position`; the last one takes its place.
    pub(super) fn swap_remove(&mut self, position: usize) -> Option<T> {
        self.get(position)?;
        let last = self.pages.get_mut((self.length - 1) / PAGE_ENTRIES)?.pop()?;
        self.length -= 1;
        match self.get_mut(position) {
            Some(entry) => Some(std::mem::replace(entry, last)),
            None => Some(last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Over several pages it does what a `Vec` does.
    #[test]
    fn as_vec_does() {
        let (mut ours, mut theirs) = (Pages::default(), Vec::new());
        for number in 0..3 * PAGE_ENTRIES + 7 {
            ours.push(number);
            theirs.push(number);
        }
        let mut position = 0;
        while !theirs.is_empty() {
            position = (position + 7_919) % theirs.len();
            assert_eq!(ours.swap_remove(theirs.len()), None, "there is none at the end");
            assert_eq!(ours.swap_remove(position), Some(theirs.swap_remove(position)));
            assert_eq!(ours.len(), theirs.len());
            assert_eq!(ours.get(position), theirs.get(position));
        }
    }
}
