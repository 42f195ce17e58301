//! The smallest HTTP guest: answers 200 without a body and touches nothing.
//!
//! What a request costs here is the price of running a guest at all, and so the floor of every
//! benchmark of the host.

use spin_sdk::http::{EmptyBody, Request, Response};
use spin_sdk::http_service;

#[http_service]
async fn handle(_request: Request) -> spin_sdk::http::Result<Response<EmptyBody>> {
    Ok(Response::new(EmptyBody::new()))
}
