//! The command as its users meet it: arguments and a trace in, texts, files and errors out.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod arguments;
mod command;
mod csv;
mod files;
mod logs;
mod oracle;
mod output;
mod real_traces;
mod samples;
