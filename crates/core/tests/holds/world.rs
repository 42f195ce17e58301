//! One key under one policy, driven through a schedule.

use tollgate_core::{
    Acquire, Algorithm, CapacitySetting, Costs, Effect, HOLD_TTL_MAX, Hold, Id, LimitStatus, Note,
    Operation, Policy, Record, ReduceFactor, Span, Timestamp, UNITS_MAX, Verdict, Waits,
};

use crate::Outcome;
use crate::draw::{Act, Step, Wait, magnitude_of};
use crate::ledger::Ledger;

#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) policy: Policy,
    pub(crate) record: Record,
    pub(crate) now: Timestamp,
    pub(crate) ledger: Ledger,
    /// What was said last.
    last: Answer,
    /// The ids that were drawn so far are below this.
    next_id: u128,
}

/// All that a decision says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) verdict: Verdict,
    pub(crate) effect: Effect,
    pub(crate) changed: bool,
    pub(crate) retry_after: Span,
    pub(crate) closed_for: Span,
    pub(crate) delay: Span,
    pub(crate) limits: Vec<LimitStatus>,
}

pub(crate) fn apply(
    policy: &Policy,
    record: &mut Record,
    operation: &Operation,
    now: Timestamp,
) -> Answer {
    let decision = policy.apply(record, operation, now);
    let answer = Answer {
        verdict: decision.verdict(),
        effect: decision.effect(),
        changed: decision.changed(),
        retry_after: decision.retry_after(),
        closed_for: decision.closed_for(),
        delay: decision.delay(),
        limits: decision.limits().collect(),
    };
    // Who asks for everything at once is told the same.
    let mut limits = Vec::new();
    let Waits { retry_after, closed_for, delay } = decision.waits(|status| limits.push(status));
    assert_eq!(Answer { retry_after, closed_for, delay, limits, ..answer.clone() }, answer);
    answer
}

impl World {
    /// A key that is first seen now, so that whatever starts with less has started.
    pub(crate) fn new(policy: &Policy, now: Timestamp) -> Self {
        let mut record = Record::new(policy);
        let last = apply(policy, &mut record, &policy.no_costs().into(), now);
        let (policy, ledger) = (policy.clone(), Ledger::default());
        Self { policy, record, now, ledger, last, next_id: 0 }
    }

    /// Waits as the step says, and finds out what it does then; the caller does it.
    pub(crate) fn advance(&mut self, step: Step) -> Operation {
        self.now = self.now.plus(self.span_of(step));
        self.peek();
        self.operation_of(step)
    }

    /// Does something now.
    pub(crate) fn apply(&mut self, operation: &Operation) -> Answer {
        self.ledger.expire(self.now);
        let before = std::mem::replace(
            &mut self.last,
            apply(&self.policy, &mut self.record, operation, self.now),
        );
        self.ledger.note(operation, &before, &self.last, self.now);
        self.last.clone()
    }

    pub(crate) fn peek(&mut self) -> Answer {
        let nothing = self.policy.no_costs().into();
        self.apply(&nothing)
    }

    /// Lets time pass.
    pub(crate) fn wait_until(&mut self, then: Timestamp) {
        self.now = then;
        self.peek();
    }

    /// What would be said at `then`, if nothing happened until then.
    pub(crate) fn would(&self, operation: &Operation, then: Timestamp) -> Answer {
        apply(&self.policy, &mut self.record.clone(), operation, then)
    }

    /// Whether there would be a hold to end at `then`, if nothing happened until then.
    pub(crate) fn would_hold(&self, then: Timestamp) -> bool {
        let mut ids = (0..=self.next_id).map(|id| Operation::Release { hold: Id::from_u128(id) });
        ids.any(|release| self.would(&release, then).effect == Effect::Released)
    }

    pub(crate) fn status(&self, index: usize) -> LimitStatus {
        self.last.limits[index]
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.record.encode(&self.policy)
    }

    pub(crate) fn costs(&self, units: &[u64]) -> Costs {
        self.policy.costs_in_order(units).unwrap()
    }

    pub(crate) fn fresh_id(&mut self) -> Id {
        self.next_id += 1;
        Id::from_u128(self.next_id)
    }

    /// One of the last few ids.
    fn known_id(&self, bits: u64) -> Id {
        Id::from_u128(self.next_id.saturating_sub(u128::from(bits % 5)))
    }

    pub(crate) fn is_slots(&self, index: usize) -> bool {
        matches!(self.policy.limits()[index].algorithm(), Algorithm::Concurrency { .. })
    }

    fn period_of(&self, bits: u64) -> Span {
        let limits = self.policy.limits();
        let period = limits[bits as usize % limits.len()].period();
        period.min(Span::MAX)
    }

    fn span_of(&self, Step { wait, bits, .. }: Step) -> Span {
        let less = |span: Span| Span::from_nanos(span.as_nanos().saturating_sub(1));
        let expiry = || self.ledger.next_expiry().map_or(Span::ZERO, |at| at.since(self.now));
        let reset = || self.status(bits as usize % self.last.limits.len()).reset_after;
        let span = match wait {
            Wait::Not => Span::ZERO,
            Wait::Nanos(nanos) => Span::from_nanos(nanos),
            Wait::PartOfPeriod(part) => {
                let period = u128::from(self.period_of(bits).as_nanos());
                Span::from_nanos(((period * u128::from(part)) >> 15).try_into().unwrap())
            }
            Wait::Retry => self.last.retry_after,
            Wait::JustBeforeRetry => less(self.last.retry_after),
            Wait::Reset => reset(),
            Wait::Expiry => expiry(),
            Wait::JustBeforeExpiry => less(expiry()),
        };
        // What is asked after "never" is asked soon after.
        if span >= less(Span::NEVER) { Span::from_nanos(1) } else { span }
    }

    /// A life that ends soon, or is about as long as a limit's period, or any other.
    pub(crate) fn hold_of(&mut self, bits: u64) -> Hold {
        let nanos = match bits % 4 {
            0 => 1 + (bits >> 8) % 20,
            1 | 2 => magnitude_of(bits >> 8, self.period_of(bits).as_nanos()),
            _ => magnitude_of(bits >> 8, HOLD_TTL_MAX.as_nanos()),
        };
        // Now and then it is an id that was there before.
        let id = if bits.is_multiple_of(13) { self.known_id(bits >> 8) } else { self.fresh_id() };
        Hold::new(id, Span::from_nanos(nanos).min(HOLD_TTL_MAX)).unwrap()
    }

    /// Costs around what remains of each limit. Slots are only asked for when they can be held.
    pub(crate) fn costs_of(&self, bits: u64, can_hold: bool) -> Vec<u64> {
        let cost = |(index, status): (usize, &LimitStatus)| {
            let part = bits >> (8 * index) & 0xff;
            let LimitStatus { remaining, limit, .. } = *status;
            let units = match part % 16 {
                0..=2 => 0,
                3..=6 => 1,
                7..=9 => 1 + remaining / 4,
                10 | 11 => remaining,
                12 => remaining + 1,
                13 => limit,
                14 => limit / 2,
                _ => {
                    if part > 0xf0 {
                        limit + 1
                    } else {
                        0
                    }
                }
            };
            let is_held = can_hold || !self.is_slots(index) || part > 0xf0;
            if is_held { units.min(UNITS_MAX) } else { 0 }
        };
        self.last.limits.iter().enumerate().map(cost).collect()
    }

    pub(crate) fn operation_of(&mut self, Step { act, bits, .. }: Step) -> Operation {
        let costs = |can_hold| self.costs(&self.costs_of(bits, can_hold));
        let (limit, number) = (bits as usize % self.last.limits.len(), bits >> 32);
        let note = || Note::new("upstream", "429").unwrap();
        match act {
            Act::Peek => self.policy.no_costs().into(),
            Act::Ask => costs(false).into(),
            Act::AskOnce => {
                let request = Acquire::new(costs(false));
                let id =
                    if bits.is_multiple_of(3) { self.fresh_id() } else { self.known_id(number) };
                request.once(id).into()
            }
            Act::Hold => {
                let costs = costs(true);
                Acquire::new(costs).held(self.hold_of(number)).into()
            }
            Act::Settle => {
                let costs = (!bits.is_multiple_of(3)).then(|| costs(true));
                Operation::Settle { hold: self.known_id(number), costs }
            }
            Act::Release => Operation::Release { hold: self.known_id(number) },
            Act::Renew => {
                let ttl = self.hold_of(number << 2 | 1).ttl();
                Operation::Renew { hold: Hold::new(self.known_id(bits), ttl).unwrap() }
            }
            Act::Penalise => Operation::Penalise(costs(true)),
            Act::Lower => Operation::Lower { limit, remaining: number % 8 },
            Act::Reduce => {
                let factor = ReduceFactor::from_permille((number % 1_000) as u16).unwrap();
                Operation::Reduce { limit, factor, note: note() }
            }
            Act::SetCapacity => {
                let period = Span::from_nanos(1 + (number >> 16) % 30);
                let capacity =
                    (bits % 5 > 0).then(|| CapacitySetting::new(1 + number % 20, period));
                Operation::SetCapacity { limit, capacity: capacity.flatten(), note: note() }
            }
            Act::Block => Operation::Block(Span::from_nanos(number % 40)),
            Act::Reset => Operation::Reset,
        }
    }
}

/// Drives a key through `steps`, and checks `law` on every (state, operation that comes next).
pub(crate) fn at_every_step(
    mut world: World,
    steps: &[Step],
    mut law: impl FnMut(&World, &Operation) -> Outcome,
) -> Outcome {
    for step in steps {
        let operation = world.advance(*step);
        law(&world, &operation)?;
        world.apply(&operation);
    }
    Ok(())
}

/// The key as it stands after all steps.
pub(crate) fn driven(mut world: World, steps: &[Step]) -> World {
    for step in steps {
        let operation = world.advance(*step);
        world.apply(&operation);
    }
    world
}
