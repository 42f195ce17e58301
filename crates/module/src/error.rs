//! Error codes, the numbers returned when there is no answer.

use tollgate_core::{Field, LimitError, PolicyError};

/// Negative, so that it is never taken for an answer. Nothing was charged.
#[derive(Clone, Copy)]
#[repr(i32)]
pub(crate) enum Error {
    UnknownPolicy = -1,
    CorruptRecord = -2,
    RecordBytes = -3,
    Operation = -4,
    Costs = -5,
    Share = -6,
    Ttl = -7,
    Capacity = -8,
    Factor = -9,
    Note = -10,
    UnknownSlot = -11,
    BatchLength = -12,
    TooManySlots = -13,
    TooManyLimits = -14,
    TooManyLogs = -15,
    NamesClash = -16,
    TooManyPolicies = -17,
    LimitAlgorithm = -32,
    LimitWindows = -33,
    LimitName = -34,
    LimitNumber = -35,
    LimitRefill = -36,
    LimitBurst = -37,
    LimitInitial = -38,
    LimitPeriod = -39,
    LimitUtcOffset = -40,
    LimitRecovery = -41,
    LimitTimeToFull = -42,
    LimitFlags = -43,
}

impl Error {
    pub(crate) const fn code(self) -> i32 {
        self as i32
    }
}

impl From<LimitError> for Error {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Name => Self::LimitName,
            LimitError::Period(_) => Self::LimitPeriod,
            LimitError::UtcOffset(_) => Self::LimitUtcOffset,
            LimitError::RecoveryInterval(_) => Self::LimitRecovery,
            LimitError::TimeToFull { .. } => Self::LimitTimeToFull,
            LimitError::Number { field, .. } => match field {
                Field::Burst => Self::LimitBurst,
                Field::Refill | Field::Leak => Self::LimitRefill,
                Field::Initial => Self::LimitInitial,
                Field::RecoveryFactor | Field::RecoveryCeiling => Self::LimitRecovery,
                // The exchange has no default costs.
                Field::Limit | Field::Capacity | Field::Slots | Field::DefaultCost => {
                    Self::LimitNumber
                }
            },
        }
    }
}

impl From<PolicyError> for Error {
    fn from(error: PolicyError) -> Self {
        match error {
            PolicyError::TooManyLimits => Self::TooManyLimits,
            PolicyError::TooManyLogs => Self::TooManyLogs,
            PolicyError::DuplicateName(_) | PolicyError::NameClash(..) => Self::NamesClash,
        }
    }
}
