//! The results of one surface.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use sha2::{Digest as _, Sha256};

/// With fewer steps, a surface has not run them all.
const STEPS_MIN: usize = 600;

/// The steps of each file, in order.
#[derive(Debug)]
pub(super) struct Transcript(BTreeMap<String, Vec<String>>);

impl Transcript {
    /// Parses lines of a file's name, a tab, and the result of a step.
    pub(super) fn new(text: &str) -> anyhow::Result<Self> {
        let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in text.lines() {
            let (file, said) = line.split_once('\t').context("a line without a file")?;
            files.entry(file.to_owned()).or_default().push(said.to_owned());
        }
        let steps: usize = files.values().map(Vec::len).sum();
        ensure!(steps >= STEPS_MIN, "only {steps} steps");
        Ok(Self(files))
    }

    /// Each file, and how many steps of it were run.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, usize)> {
        self.0.iter().map(|(file, steps)| (file.as_str(), steps.len()))
    }

    /// How many steps of this file were run.
    pub(super) fn steps(&self, file: &str) -> usize {
        self.0.get(file).map_or(0, Vec::len)
    }

    /// The first 16 digits of the SHA-256 of all results in this file, one per line.
    pub(super) fn digest(&self, file: &str) -> String {
        let mut hash = Sha256::new();
        for said in self.0.get(file).into_iter().flatten() {
            hash.update(said);
            hash.update("\n");
        }
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The first step in which `other` differs, if any.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        let mut files: Vec<&String> = self.0.keys().chain(other.0.keys()).collect();
        files.sort_unstable();
        files.dedup();
        let file = files.into_iter().find(|file| self.digest(file) != other.digest(file))?;
        let line = |transcript: &Self, step: usize| -> Option<String> {
            transcript.0.get(file)?.get(step).cloned()
        };
        let steps = self.steps(file).max(other.steps(file));
        let step = (0..steps).find(|step| line(self, *step) != line(other, *step))?;
        let told = |transcript| line(transcript, step).unwrap_or_else(|| "nothing".to_owned());
        let (one, another) = (told(self), told(other));
        Some(format!("{file}, step {}\n{one}\n{another}", step + 1))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn transcript(changed: usize) -> Transcript {
        let word = |step| if step == changed { "limited" } else { "allowed" };
        let line = |step| format!("{}\t{{\"verdict\":\"{}\"}}\n", ["a", "b"][step % 2], word(step));
        Transcript::new(&(0..STEPS_MIN).map(line).collect::<String>()).unwrap()
    }

    /// One word in one step is a difference, and its place is reported.
    #[test]
    fn one_step_that_differs_is_found() {
        let (all_alike, one_differs) = (transcript(STEPS_MIN), transcript(5));
        assert_eq!(all_alike.difference(&transcript(STEPS_MIN)), None);
        let told = all_alike.difference(&one_differs).unwrap();
        assert_eq!(told, "b, step 3\n{\"verdict\":\"allowed\"}\n{\"verdict\":\"limited\"}");
        assert_eq!(all_alike.digest("a"), one_differs.digest("a"));
    }

    /// A surface that stopped early, or ran nothing, is not taken for one that agrees.
    #[test]
    fn a_transcript_that_lost_steps_is_refused() {
        assert!(Transcript::new("").is_err());
        assert!(Transcript::new("no tab").is_err());
    }
}
