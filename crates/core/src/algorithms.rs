//! How limits count: every algorithm as pure functions over its state, one interface over all.

pub(crate) mod adaptive;
pub(crate) mod any;
pub(crate) mod calendar;
pub(crate) mod fixed_window;
pub(crate) mod meter;
pub(crate) mod recovery;
pub(crate) mod rule;
pub(crate) mod sliding_counter;
pub(crate) mod sliding_log;
pub(crate) mod slots;
pub(crate) mod wait;
pub(crate) mod windows;
