//! Many keys under one policy, in the memory of one thread: a bounded table whose keys are named by
//! numbers.
//!
//! It is for hosts that call across a boundary where numbers are cheap to pass and strings are not. A key
//! is looked up once ([`Table::intern`]) and then named by its [`Handle`]. When the table is full, a new key
//! only ever replaces one that would decide like a key that was never seen: what was charged, held or
//! blocked is never forgotten early. The handle of a forgotten key becomes invalid, and is never
//! another key's.
//!
//! ```
//! use tollgate_core::{Limit, Policy, Span, Timestamp, Verdict};
//! use tollgate_keyed::{Serials, Table, TableError};
//!
//! let policy = Policy::new([Limit::gcra("requests", 1, Span::from_secs(1), 1)?])?;
//! let (mut serials, now) = (Serials::START, Timestamp::from_secs(1_800_000_000));
//! let mut table = Table::new(policy, 1, 0)?;
//!
//! let alice = table.intern("alice", now, &mut serials)?;
//! assert_eq!(table.acquire(alice, 1, now)?.verdict, Verdict::Allowed);
//! let denied = table.acquire(alice, 1, now)?;
//! assert_eq!((denied.verdict, denied.retry_after), (Verdict::Limited, Span::from_secs(1)));
//!
//! // There is one slot, and it is alice's until her second is over.
//! assert_eq!(table.intern("bob", now, &mut serials), Err(TableError::Full));
//! let later = now.plus(Span::from_secs(1));
//! let bob = table.intern("bob", later, &mut serials)?;
//! assert_eq!(table.acquire(bob, 1, later)?.verdict, Verdict::Allowed);
//! assert_eq!(table.acquire(alice, 1, later), Err(TableError::UnknownHandle));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

extern crate alloc;

mod admission;
mod batch;
mod error;
mod handle;
mod table;

pub use admission::Admission;
pub use error::TableError;
pub use handle::{Handle, Serials};
pub use table::{KEYS_MAX, Table};
