//! Several keys, all or nothing: many machines over one store that lose races, crash, are told wrong
//! times and are not told whether they wrote; and two of them in every order there is.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod caller;
mod driver;
mod every_order;
mod ledger;
mod random;
mod seeds;
mod store;
mod together;
mod verdicts;
mod weather;
mod world;
