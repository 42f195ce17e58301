//! An operation, as the vectors spell it.

use serde::Deserialize;
use tollgate_core::{
    Acquire, CapacitySetting, Costs, Hold, Id, Note, Operation, Policy, ReduceFactor, Share, Span,
};

use super::{nanos, nanos_if_any};

/// An object with one field, whose name says what is done.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum OperationText {
    Acquire(AcquireText),
    Settle {
        hold: String,
        costs: Option<Vec<u64>>,
    },
    Release {
        hold: String,
    },
    Renew {
        hold: HoldText,
    },
    Penalise {
        costs: Vec<u64>,
    },
    Block {
        #[serde(deserialize_with = "nanos")]
        for_ns: u64,
    },
    Reset {},
    Lower {
        limit: String,
        remaining: u64,
    },
    SetCapacity {
        limit: String,
        capacity: Option<u64>,
        #[serde(default, deserialize_with = "nanos_if_any")]
        per_ns: Option<u64>,
        source: String,
        reason: String,
    },
    Reduce {
        limit: String,
        factor_permille: Option<u16>,
        source: String,
        reason: String,
    },
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcquireText {
    costs: Vec<u64>,
    hold: Option<HoldText>,
    share_permille: Option<u16>,
    once: Option<String>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldText {
    id: String,
    #[serde(deserialize_with = "nanos")]
    ttl_ns: u64,
}

impl OperationText {
    /// The operation on a key under this policy.
    pub(crate) fn operation(&self, policy: &Policy) -> Operation {
        let costs = |units: &[u64]| policy.costs_in_order(units).unwrap();
        let position = |name: &str| policy.index_of(name).unwrap();
        let note = |source: &str, reason: &str| Note::new(source, reason).unwrap();
        match self {
            Self::Acquire(asked) => asked.acquire(costs(&asked.costs)).into(),
            Self::Settle { hold, costs: actual } => {
                Operation::Settle { hold: id(hold), costs: actual.as_deref().map(costs) }
            }
            Self::Release { hold } => Operation::Release { hold: id(hold) },
            Self::Renew { hold } => Operation::Renew { hold: hold.hold() },
            Self::Penalise { costs: units } => Operation::Penalise(costs(units)),
            Self::Block { for_ns } => Operation::Block(Span::from_nanos(*for_ns)),
            Self::Reset {} => Operation::Reset,
            Self::Lower { limit, remaining } => {
                Operation::Lower { limit: position(limit), remaining: *remaining }
            }
            Self::SetCapacity { limit, capacity, per_ns, source, reason } => {
                let setting = capacity.zip(*per_ns);
                assert_eq!(capacity.is_some(), setting.is_some(), "a capacity has a period");
                Operation::SetCapacity {
                    limit: position(limit),
                    capacity: setting.map(|(units, per_ns)| {
                        CapacitySetting::new(units, Span::from_nanos(per_ns)).unwrap()
                    }),
                    note: note(source, reason),
                }
            }
            Self::Reduce { limit, factor_permille, source, reason } => {
                let factor = factor_permille.map(|it| ReduceFactor::from_permille(it).unwrap());
                Operation::Reduce {
                    limit: position(limit),
                    factor: factor.unwrap_or_default(),
                    note: note(source, reason),
                }
            }
        }
    }
}

impl AcquireText {
    fn acquire(&self, costs: Costs) -> Acquire {
        let share = self.share_permille.map(|it| Share::from_permille(it).unwrap());
        Acquire {
            costs,
            share: share.unwrap_or_default(),
            hold: self.hold.as_ref().map(HoldText::hold),
            once: self.once.as_deref().map(id),
        }
    }
}

impl HoldText {
    fn hold(&self) -> Hold {
        Hold::new(id(&self.id), Span::from_nanos(self.ttl_ns)).unwrap()
    }
}

/// 32 hexadecimal digits.
fn id(text: &str) -> Id {
    assert_eq!(text.len(), 32, "{text} is no id");
    Id::from_u128(u128::from_str_radix(text, 16).unwrap())
}
