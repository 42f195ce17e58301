//! One of several sets of limits, and the next one when it is full.

use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::select_all;
use tollgate_core::{Choice, Costs, Member, Pool, PoolError, Span};
use tollgate_store::Clock;

use crate::id::random;
use crate::patience::Patience;
use crate::{AcquireError, Answer, Lease, LimitSet, SystemClock};

/// Interchangeable sets of limits, such as accounts of the same upstream: the first one with room is
/// taken, in an order that spreads the load.
///
/// ```
/// use tollgate::{Balance, Limit, LimitPool, LimitSet, Member, Policy, Span};
/// let minute = Span::from_secs(60);
/// let account = || {
///     let policy = Policy::new([Limit::token_bucket("requests", 1, 1, minute).unwrap()]);
///     LimitSet::new(policy.unwrap())
/// };
/// let pool = LimitPool::new(Balance::RoundRobin { offset: 0 }, [
///     (Member::new([("region", "eu")])?, account()),
///     (Member::new([("region", "us")])?, account()),
/// ])?;
///
/// let grants = [pool.hold_blocking(&[], minute, Span::ZERO)?, pool.hold_blocking(&[], minute, Span::ZERO)?];
/// assert_eq!(grants[0].member.get("region"), Some("eu"));
/// assert_eq!(grants[1].member.get("region"), Some("us"));
/// assert!(pool.hold_blocking(&[], minute, Span::ZERO).is_err()); // both are full
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LimitPool<C = SystemClock> {
    pool: Pool,
    sets: Vec<LimitSet<C>>,
    balance: Balance,
    turn: AtomicU64,
}

/// Which set is asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    /// One after the other.
    RoundRobin {
        /// Where to start, such as the index of a worker, so that many don't all start with the first.
        offset: u64,
    },
    /// Any of them.
    Random,
    /// The one with the most units left of its first limit.
    MostRoom,
}

/// A lease on one set of a pool.
#[derive(Debug)]
pub struct Grant<'a, C: Clock = SystemClock> {
    /// What is held.
    pub lease: Lease<C>,
    /// What is known of the set that was taken.
    pub member: &'a Member,
    /// Its position in the pool.
    pub index: usize,
}

/// Why nothing was taken from a pool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The costs don't fit the policy of a set.
    #[error("{0}")]
    Costs(String),
    /// No set has room: the error of the one that will have some soonest.
    #[error(transparent)]
    Acquire(#[from] AcquireError),
}

impl<C: Clock> LimitPool<C> {
    /// A pool of these sets, each with its description.
    ///
    /// # Errors
    /// [`PoolError`] when there is none, or more than [`POOL_MEMBERS_MAX`](crate::POOL_MEMBERS_MAX).
    pub fn new(
        balance: Balance,
        sets: impl IntoIterator<Item = (Member, LimitSet<C>)>,
    ) -> Result<Self, PoolError> {
        let most = tollgate_core::POOL_MEMBERS_MAX + 1;
        let (members, sets): (Vec<_>, Vec<_>) = sets.into_iter().take(most).unzip();
        Ok(Self { pool: Pool::new(members)?, sets, balance, turn: AtomicU64::new(0) })
    }

    /// The sets, in their order.
    #[must_use]
    pub fn sets(&self) -> &[LimitSet<C>] {
        &self.sets
    }

    /// What is known of the sets, in their order.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        self.pool.members()
    }

    /// Holds `costs`, by the names of their limits, on the first set that has room, for at most `ttl`; waits
    /// for at most `timeout`.
    ///
    /// # Errors
    /// [`GrantError`]; nothing is held then.
    pub async fn hold(
        &self,
        costs: &[(&str, u64)],
        ttl: Span,
        timeout: Span,
    ) -> Result<Grant<'_, C>, GrantError> {
        let costs = self.sets.iter().map(|set| set.policy().costs(costs.iter().copied()));
        let costs = costs.collect::<Result<Vec<_>, _>>();
        let costs = costs.map_err(|error| GrantError::Costs(error.to_string()))?;
        let mut patience = Patience::new(self.sets[0].clock(), timeout);
        loop {
            let let_go = select_all(self.sets.iter().map(LimitSet::let_go));
            let error = match self.try_hold(&costs, ttl).await {
                Ok(grant) => return Ok(grant),
                Err(error) => error,
            };
            let left = patience.left();
            match error {
                AcquireError::TimedOut(answer)
                    if left > Span::ZERO && answer.retry_after_at_least <= left =>
                {
                    patience.wait(let_go, answer.retry_after).await;
                }
                _ => return Err(error.into()),
            }
        }
    }

    /// The same, blocking this thread; with a `timeout` of zero it never blocks.
    ///
    /// # Errors
    /// As [`hold`](Self::hold).
    pub fn hold_blocking(
        &self,
        costs: &[(&str, u64)],
        ttl: Span,
        timeout: Span,
    ) -> Result<Grant<'_, C>, GrantError> {
        pollster::block_on(self.hold(costs, ttl, timeout))
    }

    /// The first set that has room now, or the error of the one that will have some soonest.
    async fn try_hold(&self, costs: &[Costs], ttl: Span) -> Result<Grant<'_, C>, AcquireError> {
        let mut soonest = AcquireError::Impossible(Answer::IMPOSSIBLE);
        for index in self.order() {
            let (Some(set), Some(costs), Some(member)) =
                (self.sets.get(index), costs.get(index), self.pool.member(index))
            else {
                continue;
            };
            match set.hold(*costs, ttl, Span::ZERO).await {
                Ok(lease) => return Ok(Grant { lease, member, index }),
                Err(error) => soonest = sooner(soonest, error),
            }
        }
        Err(soonest)
    }

    fn order(&self) -> impl Iterator<Item = usize> + use<C> {
        let room: Vec<u64>;
        let choice = match self.balance {
            Balance::RoundRobin { offset } => {
                let turn = self.turn.fetch_add(1, Ordering::Relaxed);
                Choice::RoundRobin { turn, offset }
            }
            Balance::Random => Choice::Random(random()),
            Balance::MostRoom => {
                let first = |set: &LimitSet<C>| set.peek().first().map_or(0, |it| it.remaining);
                room = self.sets.iter().map(first).collect();
                Choice::MostRoom(&room)
            }
        };
        self.pool.order(choice)
    }
}

/// Which of two sets has room sooner; what is held on either may be released before.
fn sooner(a: AcquireError, b: AcquireError) -> AcquireError {
    match (a, b) {
        (AcquireError::TimedOut(one), AcquireError::TimedOut(other)) => {
            let at_least = one.retry_after_at_least.min(other.retry_after_at_least);
            let sooner = if other.retry_after < one.retry_after { other } else { one };
            AcquireError::TimedOut(Answer { retry_after_at_least: at_least, ..sooner })
        }
        (AcquireError::TimedOut(_), _) => a,
        _ => b,
    }
}
