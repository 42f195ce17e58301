//! Choosing one of several accounts, regions or upstreams, each with a limit of its own.

mod member;

use alloc::vec::Vec;
use core::fmt;

pub use member::{MEMBER_PAIRS_MAX, MEMBER_TEXT_BYTES_MAX, Member, MemberError};

/// Most members of one pool. One 64-bit random number can select any order of them (16! < 2^45), and a
/// request that every member denies has asked this many times.
pub const POOL_MEMBERS_MAX: usize = 16;

/// Interchangeable members. A pool says in which order to ask them; whether one has room is decided
/// by its own policy and key, which the caller keeps.
///
/// ```
/// use tollgate_core::{Choice, Limit, Member, Policy, Pool, Record, Span, Timestamp, Verdict};
/// let pool = Pool::new([
///     Member::new([("region", "eu"), ("account", "a")])?,
///     Member::new([("region", "us"), ("account", "b")])?,
/// ])?;
/// let policy = Policy::new([Limit::token_bucket("requests", 1, 1, Span::from_secs(60))?])?;
/// let (ask, now) = (policy.costs([])?.into(), Timestamp::from_secs(1_800_000_000));
///
/// // One record, or one acquisition, per member: the first that lets it pass is the one.
/// let mut records = [Record::new(&policy), Record::new(&policy)];
/// let mut grant = |turn| {
///     let mut order = pool.order(Choice::RoundRobin { turn, offset: 0 });
///     let mut has_room = |member: &usize| {
///         policy.apply(&mut records[*member], &ask, now).verdict() == Verdict::Allowed
///     };
///     order.find(|member| has_room(member)).and_then(|member| pool.member(member))
/// };
/// assert_eq!(grant(0).unwrap().get("region"), Some("eu"));
/// assert_eq!(grant(2).unwrap().get("region"), Some("us")); // it was eu's turn, but eu is full
/// assert_eq!(grant(3), None);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    members: Vec<Member>,
}

/// Which member is asked first, and which is next when that one is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'a> {
    /// In turn.
    RoundRobin {
        /// How many choices were made before: the caller counts.
        turn: u64,
        /// Where to start: the index of a worker, so that workers that count separately do not all
        /// start with the same member.
        offset: u64,
    },
    /// Every order is as likely as any other. The caller draws the number.
    Random(u64),
    /// By most units left. The caller gives what each member has left, in the order of the members; a
    /// member without a number has nothing. Ties go to the earlier member.
    MostRoom(&'a [u64]),
}

impl Pool {
    /// A pool of these members, in this order.
    ///
    /// # Errors
    /// [`PoolError`] when there is none, or more than [`POOL_MEMBERS_MAX`].
    pub fn new(members: impl IntoIterator<Item = Member>) -> Result<Self, PoolError> {
        // One more than allowed shows that there are too many; the rest is never read.
        let most = POOL_MEMBERS_MAX.saturating_add(1);
        let members: Vec<Member> = members.into_iter().take(most).collect();
        if members.is_empty() || members.len() > POOL_MEMBERS_MAX {
            return Err(PoolError);
        }
        Ok(Self { members })
    }

    /// The members.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The member at this position.
    #[must_use]
    pub fn member(&self, index: usize) -> Option<&Member> {
        self.members.get(index)
    }

    /// The positions of all members, each once, in the order in which to ask them.
    pub fn order(&self, choice: Choice<'_>) -> impl ExactSizeIterator<Item = usize> + use<> {
        let mut order: Vec<usize> = (0..self.members.len()).collect();
        match choice {
            Choice::RoundRobin { turn, offset } => {
                let (turn, offset) = (remainder(turn, order.len()), remainder(offset, order.len()));
                order
                    .rotate_left(remainder(turn.saturating_add(offset) as u64, self.members.len()));
            }
            Choice::Random(number) => shuffle(&mut order, number),
            Choice::MostRoom(units) => {
                order.sort_by_key(|index| {
                    core::cmp::Reverse(units.get(*index).copied().unwrap_or(0))
                });
            }
        }
        order.into_iter()
    }
}

/// `number` modulo `count`, which is at most [`POOL_MEMBERS_MAX`].
fn remainder(number: u64, count: usize) -> usize {
    number.checked_rem(count as u64).unwrap_or(0) as usize
}

/// The Fisher-Yates shuffle. Its draws are the digits of the number in the factorial number system,
/// so that all draws together use the number exactly once.
fn shuffle(order: &mut [usize], mut number: u64) {
    for count in (2..=order.len()).rev() {
        order.swap(count.saturating_sub(1), remainder(number, count));
        number = number.checked_div(count as u64).unwrap_or(0);
    }
}

/// A pool has no member, or too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolError;

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "members: must be 1 to {POOL_MEMBERS_MAX}")
    }
}

impl core::error::Error for PoolError {}
