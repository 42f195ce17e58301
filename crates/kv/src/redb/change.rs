//! Changing values: reading and replacing them in one atomic step, and waiting where that is needed.

use tokio::sync::watch;

use super::Redb;
use super::overlay::Pending;
use super::shared::{Full, State};
use super::writer::Progress;
use crate::contract::KeyValueError;
use crate::durability::Durability;

/// What a change decides on the values that it saw.
pub(super) enum Verdict<W, T> {
    /// Changes nothing, and answers.
    Leave(T),
    /// Writes (or removes) these values, then answers.
    Write(W, T),
}

/// How one try to change a value ended.
enum Try<T> {
    /// The value was left as it is.
    Left(T),
    /// The value was changed, as the write with this number.
    Wrote(T, u64),
    /// There is no room at present.
    Full,
}

impl Redb {
    /// Calls `decide` with the current state and does what it says, in one atomic step. `decide` is called
    /// again if there was no room at first.
    pub(super) async fn change<'a, W, T>(
        &self,
        decide: impl Fn(&State) -> Result<Verdict<W, T>, KeyValueError>,
    ) -> Result<T, KeyValueError>
    where
        W: IntoIterator<Item = (&'a str, Pending)>,
    {
        let mut progress: Option<watch::Receiver<Progress>> = None;
        let (answer, number) = loop {
            match (self.try_change(&decide)?, &mut progress) {
                (Try::Left(answer), _) => return Ok(answer),
                (Try::Wrote(answer, number), _) => break (answer, number),
                // Try once more after subscribing, or progress between the two would be missed.
                (Try::Full, None) => progress = Some(self.listen()),
                (Try::Full, Some(news)) => news.changed().await.map_err(writer_is_gone)?,
            }
        };
        if self.durability == Durability::Immediate {
            self.committed(number).await?;
        }
        Ok(answer)
    }

    fn try_change<'a, W, T>(
        &self,
        decide: impl Fn(&State) -> Result<Verdict<W, T>, KeyValueError>,
    ) -> Result<Try<T>, KeyValueError>
    where
        W: IntoIterator<Item = (&'a str, Pending)>,
    {
        let mut state = self.shared.lock();
        let (values, answer) = match decide(&state)? {
            Verdict::Leave(answer) => return Ok(Try::Left(answer)),
            Verdict::Write(values, answer) => (values, answer),
        };
        let wrote = state.write(values, self.durability == Durability::Immediate);
        self.shared.wake(state);
        match wrote {
            Ok(number) => Ok(Try::Wrote(answer, number)),
            Err(Full) => match &self.progress.borrow().failure {
                None => Ok(Try::Full),
                Some(failure) => Err(KeyValueError::Backend(failure.message.clone())),
            },
        }
    }

    fn listen(&self) -> watch::Receiver<Progress> {
        let mut progress = self.progress.clone();
        progress.mark_unchanged();
        progress
    }

    /// Waits until the write with this number is durable, or its commit has failed.
    pub(super) async fn committed(&self, number: u64) -> Result<(), KeyValueError> {
        let mut progress = self.progress.clone();
        let told = progress
            .wait_for(|progress| progress.outcome(number).is_some())
            .await
            .map_err(writer_is_gone)?;
        told.outcome(number).unwrap_or(Ok(()))
    }
}

fn writer_is_gone(_: watch::error::RecvError) -> KeyValueError {
    KeyValueError::Backend("the thread that writes the store has stopped".to_owned())
}
