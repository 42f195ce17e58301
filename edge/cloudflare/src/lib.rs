//! tollgate on Cloudflare Workers: the service behind a Worker, and a Durable Object for each record.
//!
//! A request about one record is sent to that record's object and decided there, by the same service over
//! the object's own storage. All others (several keys, batches, pools) are decided in the Worker, over a
//! store that asks the objects one by one. On a target other than WebAssembly the crate is empty.
#![cfg(target_family = "wasm")]

mod clock;
mod gateway;
mod object;
mod objects;
mod request;
mod response;
mod setup;
mod storage;
mod unheard;

use worker::{Context, Env, Response, event, web_sys};

/// The Worker.
#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, _: Context) -> worker::Result<Response> {
    gateway::answer(request.into(), &env).await
}
