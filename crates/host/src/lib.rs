//! Hosts tollgate over HTTP/1.1: the edge component inside wasmtime, or the service compiled natively.

mod backpressure;
mod bindings;
pub mod body;
pub mod clock;
pub mod edge;
pub mod engine;
mod exchange;
mod guest;
pub mod guest_log;
mod host_field;
pub mod keyvalue;
pub mod native;
pub mod problem;
pub mod redis;
pub mod reloads;
mod request_id;
pub mod server;
pub mod settling;
mod streaming;
mod streams;
pub mod sweep;
pub mod variables;
mod worker;
