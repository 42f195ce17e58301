//! A store's contents as text: dumps one store, restores into another, and decodes single records for
//! inspection.
//!
//! A dump is lines of JSON:
//!
//! ```text
//! {"format":"tollgate state","version":1}
//! {"key":"r/api/alice","record":"01a4…","decoded":{"limits":{"requests":{"limit":20,"remaining":19,…}},…}}
//! {"records":1}
//! ```
//!
//! The first line says what it is, the last one how many records came between, so that a truncated dump
//! is detected. `key` is the key in the store, `record` its bytes in hexadecimal. `decoded` is for
//! people: it is present if the policy is known, says what was true when it was written, and is ignored
//! when the dump is restored.
//!
//! ```
//! use tollgate_kv::{KeyValue, Memory};
//! use tollgate_state::{Decoder, Existing, dump, restore};
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let (from, to) = (Memory::default(), Memory::default());
//! from.set("r/api/alice", vec![1]).await.unwrap();
//!
//! let mut text = Vec::new();
//! assert_eq!(dump(&from, &Decoder::default(), &mut text, |_| {}).await.unwrap(), 1);
//! let restored = restore(&to, &*text, Existing::Refuse, |_| {}).await.unwrap();
//! assert_eq!(restored.written, 1);
//! assert_eq!(to.get("r/api/alice").await, Ok(Some(vec![1])));
//! # });
//! ```
//!
//! # Bounds
//! | what | bound |
//! |---|---|
//! | a line of a dump | [`LINE_BYTES_MAX`] |
//! | a key | 1 to 256 bytes, as in every store |
//! | a record | 1 MiB, as in every store |
//! | records | none: one page of keys and one record are held in memory |
#![forbid(unsafe_code)]

mod decoded;
mod dump;
mod entry;
mod lines;
mod restore;

pub use decoded::{Decoded, Decoder, LimitView};
pub use dump::{DumpError, dump};
pub use entry::{Entry, FORMAT, LineError, VERSION, parse_record};
pub use lines::LINE_BYTES_MAX;
pub use restore::{Existing, RestoreError, Restored, check, restore};
