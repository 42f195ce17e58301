//! When a write is safe.

use std::fmt;
use std::str::FromStr;

/// When [`Redb`](crate::Redb) answers a write, and what a crash may take with it.
///
/// In every mode the file stays consistent, and a crash takes only a suffix of the writes: if a write is in
/// the file, so is every write that was answered before it began. In every mode operations see each other's
/// writes at once, so a read may return a value that is not safe yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Durability {
    /// A write is answered once the commit that holds it is on the disk (fsync). Neither kill -9 nor
    /// power loss takes anything that was answered. Writes that wait at the same time share a commit.
    Immediate,
    /// A write is answered at once and committed with fsync at most
    /// [`group_commit_interval`](crate::RedbOptions::group_commit_interval) later. Kill -9 or power
    /// loss may take what was answered in the last interval, and while the last two commits ran.
    Grouped,
    /// A write is answered at once and stays in memory: it is committed (with fsync) when the overlay
    /// fills up, on [`flush`](crate::KeyValue::flush) and when the file is closed. Kill -9 or power
    /// loss may take everything since the file was opened or last flushed.
    None,
}

impl Durability {
    /// All modes, safest first.
    pub const ALL: [Self; 3] = [Self::Immediate, Self::Grouped, Self::None];

    /// Its name: `immediate`, `grouped` or `none`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::Grouped => "grouped",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Durability {
    type Err = UnknownDurability;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|durability| durability.as_str() == word)
            .ok_or_else(|| UnknownDurability(word.to_owned()))
    }
}

/// The text is not the name of a [`Durability`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("durability is one of immediate, grouped or none, not {0:?}")]
pub struct UnknownDurability(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for durability in Durability::ALL {
            assert_eq!(durability.to_string().parse(), Ok(durability));
        }
    }

    #[test]
    fn an_unknown_word_is_told_what_there_is() {
        let error = "Grouped".parse::<Durability>().expect_err("words are lower case");
        assert_eq!(
            error.to_string(),
            "durability is one of immediate, grouped or none, not \"Grouped\""
        );
    }
}
