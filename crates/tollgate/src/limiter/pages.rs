//! A list that grows by pages, so that a million entries are never copied, nor half of them empty.

/// Entries of the smallest pages: a few KiB of keys. The first one grows up to this as any list does.
const PAGE_ENTRIES_MIN: usize = 64;
/// So many pages have the same size, the next ones twice as much: at most an eighth of all places is empty,
/// and the list of pages stays so short that finding one takes no look into far memory.
const PAGES_PER_SIZE: usize = 8;
/// Entries of all pages of the smallest size.
const ENTRIES_OF_FIRST_SIZE: usize = PAGE_ENTRIES_MIN * PAGES_PER_SIZE;

/// Entries by position. Positions are below the length, and only the last entry ever changes its own.
#[derive(Debug)]
pub(super) struct Pages<T> {
    pages: Vec<Vec<T>>,
    length: usize,
}

/// Where a position lies.
struct Place {
    page: usize,
    /// Entries of that page.
    page_entries: usize,
    offset: usize,
}

impl Place {
    /// Shifted by what the first size holds, the highest bit of a position says the size of its page, the
    /// next three which of that size it is, and the others where in it.
    #[inline]
    const fn of(position: usize) -> Self {
        let shifted = position + ENTRIES_OF_FIRST_SIZE;
        let size = (shifted / ENTRIES_OF_FIRST_SIZE).ilog2();
        let page_entries = PAGE_ENTRIES_MIN << size;
        Self {
            page: size as usize * PAGES_PER_SIZE + shifted / page_entries % PAGES_PER_SIZE,
            page_entries,
            offset: shifted % page_entries,
        }
    }
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
        let place = Place::of(position);
        self.pages.get(place.page)?.get(place.offset)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, position: usize) -> Option<&mut T> {
        let place = Place::of(position);
        self.pages.get_mut(place.page)?.get_mut(place.offset)
    }

    pub(super) fn push(&mut self, entry: T) {
        let Place { page, page_entries, .. } = Place::of(self.length);
        if page == self.pages.len() {
            let entries = if page == 0 { 0 } else { page_entries };
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
        let last = self.pages.get_mut(Place::of(self.length - 1).page)?.pop()?;
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

    /// Positions fill page after page, and every page is as large as it says.
    #[test]
    fn pages_are_filled_in_order() {
        let (mut page, mut offset) = (0, 0);
        for position in 0..100_000 {
            let place = Place::of(position);
            assert_eq!((place.page, place.offset), (page, offset), "position {position}");
            offset += 1;
            if offset == place.page_entries {
                (page, offset) = (page + 1, 0);
            }
        }
    }

    /// Over pages of several sizes it does what a `Vec` does.
    #[test]
    fn as_vec_does() {
        let (mut ours, mut theirs) = (Pages::default(), Vec::new());
        for number in 0..3 * ENTRIES_OF_FIRST_SIZE + 7 {
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
