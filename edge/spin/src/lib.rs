//! The tollgate edge function: the service behind a thin Spin handler.
//!
//! Decisions are asked of a limiter component by `tollgate:limiter`, records are kept in Spin's
//! key-value store by `wasi:keyvalue`, and the policies are the variable `policies`. On a target other
//! than WebAssembly the crate is empty.
#![cfg(target_family = "wasm")]

mod clock;
mod keyvalue;
#[cfg(not(feature = "linked"))]
mod limiter;
mod response;
mod setup;

#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]
mod bindings {
    spin_sdk::wit_bindgen::generate!({
        path: ["../../wit/limiter", "../../wit/deps/wasi-keyvalue-0.2.0-draft2"],
        inline: "
            package tollgate:edge;
            world edge {
                include tollgate:limiter/uses-limiter@0.1.0;
                import wasi:keyvalue/store@0.2.0-draft2;
                import wasi:keyvalue/atomics@0.2.0-draft2;
            }
        ",
        world: "tollgate:edge/edge",
        runtime_path: "spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}

use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let response = match setup::service().await {
        Ok(service) => service.handle(request).await,
        Err(problem) => problem.into_response(),
    };
    response::Bodied(response)
}
