//! What can be wrong with an adaptive limiter's arguments.

use tollgate_core::{REASON_BYTES_MAX, SOURCE_BYTES_MAX};

use super::RESOURCES_MAX;
use crate::KEY_BYTES_MAX;

/// Why an adaptive limiter can't be made, or changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdaptiveError {
    /// A member's name is too long.
    #[error("source: must be at most {SOURCE_BYTES_MAX} bytes")]
    Source,
    /// A reason is too long.
    #[error("reason: must be at most {REASON_BYTES_MAX} bytes")]
    Reason,
    /// There are too many resources.
    #[error("resources: must be at most {RESOURCES_MAX}")]
    Resources,
    /// A resource's name is empty or too long.
    #[error("resource: must be 1 to {KEY_BYTES_MAX} bytes, not {0}")]
    ResourceLength(usize),
    /// Two resources have this name.
    #[error("resource: {0:?} is given twice")]
    Repeated(String),
    /// The policy of this resource has no adaptive limit, or several.
    #[error("policy: that of {0:?} must have one adaptive limit")]
    Policy(String),
    /// No resource has this name.
    #[error("resource: there is no {0:?}")]
    Unknown(String),
}
