//! The tollgate edge function: the service behind a thin Spin handler.
//!
//! A limiter component decides, through `tollgate:limiter`. The variable `policies` holds the policies,
//! and the variable `store` says where records are kept: in Spin's key-value store through
//! `wasi:keyvalue`, or in Redis through `spin:redis`. On targets other than WebAssembly the crate is empty.
#![cfg(target_family = "wasm")]

mod clock;
mod keyvalue;
#[cfg(not(feature = "linked"))]
mod limiter;
mod redis;
mod request;
mod response;
mod setup;
mod store;
#[cfg(not(feature = "linked"))]
#[path = "../../../crates/component/to_wit.rs"]
mod to_wit;

#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]
mod bindings {
    spin_sdk::wit_bindgen::generate!({
        path: [
            "../../wit/limiter",
            "../../wit/deps/wasi-keyvalue-0.2.0-draft2",
            "../../wit/deps/spin-redis-3.0.0",
        ],
        inline: "
            package tollgate:edge;
            world edge {
                include tollgate:limiter/uses-limiter@0.1.0;
                import wasi:keyvalue/store@0.2.0-draft2;
                import wasi:keyvalue/atomics@0.2.0-draft2;
                import spin:redis/redis@3.0.0;
            }
        ",
        world: "tollgate:edge/edge",
        runtime_path: "spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}

#[cfg(not(feature = "linked"))]
use bindings::tollgate::limiter::limiter as wit;
use http::Response;
use spin_sdk::wasip3;
use spin_sdk::wasip3::http::types;
use tollgate_service::{Content, SWEEP_PATH};

/// The handler. `#[http_service]` would convert every request to spin-sdk's own type first.
struct Edge;

wasip3::http::service::export!(Edge);

impl wasip3::exports::http::handler::Guest for Edge {
    async fn handle(request: types::Request) -> Result<types::Response, types::ErrorCode> {
        let service = match setup::service().await {
            Ok(service) => service,
            Err(problem) => return response::complete(problem.into_response()),
        };
        let needs_key = service.needs_key();
        let request = request::from_wasi(request, needs_key);
        let answer = match request.uri().path() {
            SWEEP_PATH => service.sweep(request).await,
            _ => service.handle(request).await,
        };
        let (head, content) = answer.into_parts();
        match content {
            Content::Full(body) => response::complete(Response::from_parts(head, body)),
            Content::Watch(watch) => response::streaming(head, watch, service),
        }
    }
}
