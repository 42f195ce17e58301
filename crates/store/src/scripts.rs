//! What Redis runs, as one step each: the same text for the host and for an edge function on Spin.
//!
//! They compare values and need no more than GET, SET and DEL, so any server that runs Lua scripts will
//! do. A script touches only the keys that it is given, which is what a cluster asks of it.

/// Compare-and-swap of one key, for an edge function, which swaps one at a time.
pub const SWAP: &str = include_str!("scripts/swap.lua");
/// Compare-and-swap of several keys, each by itself.
pub const SWAP_EACH: &str = include_str!("scripts/swap_each.lua");
/// Compare-and-swap of several keys, all or nothing.
pub const SWAP_ALL: &str = include_str!("scripts/swap_all.lua");
/// Compare-and-delete of one key.
pub const REMOVE: &str = include_str!("scripts/remove.lua");
