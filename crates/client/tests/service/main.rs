//! The client and a real service, with connections that break.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/service.rs"]
mod support;

mod agents;
mod blocking;
mod pools;
mod strangers;
mod tasks;
mod watching;

use std::time::Duration;

use tollgate_client::Config;

use support::Service;

const MINUTE: Duration = Duration::from_secs(60);

fn config(service: &Service) -> Config {
    Config::new(&service.url()).unwrap()
}
