//! tollgate's plain module (`docs/module.md`) in the interpreter wasmi: for hosts where nothing may be
//! compiled at run time.

mod decision;
mod error;
mod fields;
mod limiter;

pub use decision::{Capacity, Decision, LimitStatus};
pub use error::Error;
pub use fields::{LimitFields, OperationFields};
pub use limiter::{Bounds, Limiter};
