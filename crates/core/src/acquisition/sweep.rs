//! One operation per key, one key after the other. The operations are independent and idempotent, so
//! a sweep may be interrupted anywhere.

use alloc::vec::Vec;

use crate::acquisition::decide::Decide;
use crate::acquisition::inbox::Inbox;
use crate::acquisition::turn::{Task, Turn, Turned};
use crate::apply::operation::Operation;
use crate::time::Timestamp;

/// What is still to be done.
#[derive(Debug, Clone)]
pub(super) struct Sweep {
    todo: Vec<(usize, Operation)>,
    at: usize,
    turn: Turn,
}

impl Sweep {
    pub(super) fn new(todo: Vec<(usize, Operation)>) -> Self {
        Self { todo, at: 0, turn: Turn::default() }
    }

    /// What comes next, and on which leg; `None` when all legs had their turn.
    pub(super) fn next<D: Decide>(
        &mut self,
        inbox: &mut Inbox,
        decide: &D,
        now: Timestamp,
    ) -> Option<(usize, Result<Turned, D::Error>)> {
        let (leg, operation) = self.todo.get(self.at)?;
        let task = Task { leg: *leg, operation, now, late: false };
        let turned = self.turn.next(&task, inbox, decide);
        if !matches!(turned, Ok(Turned::Step(_))) {
            self.at = self.at.saturating_add(1);
            self.turn = Turn::default();
        }
        Some((*leg, turned))
    }
}
