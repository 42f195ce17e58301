//! A Spin component that limits its callers itself: it asks the limiter by WIT, and keeps a record for each
//! caller in Spin's key-value store. On a target other than WebAssembly the crate is empty.
#![cfg(target_family = "wasm")]

mod limit;
mod records;
#[cfg(feature = "vectors")]
mod vectors;

use bytes::Bytes;
use spin_sdk::http::{FullBody, Request, Response, StatusCode};
use spin_sdk::http_service;

#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]
mod bindings {
    spin_sdk::wit_bindgen::generate!({
        path: ["../../wit/limiter", "../../wit/deps/wasi-keyvalue-0.2.0-draft2"],
        inline: "
            package tollgate:example;
            world limited {
                include tollgate:limiter/uses-limiter@0.1.0;
                import wasi:keyvalue/store@0.2.0-draft2;
                import wasi:keyvalue/atomics@0.2.0-draft2;
            }
        ",
        world: "tollgate:example/limited",
        runtime_path: "spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}

use bindings::tollgate::limiter::limiter as wit;

/// Longest name of a caller in bytes: keys of Spin's stores have at most 256.
const CALLER_BYTES_MAX: usize = 200;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// `/{caller}`: whether the caller may pass. (Who asks is usually told by a key or an address.)
#[http_service]
async fn handle(request: Request) -> spin_sdk::http::Result<Response<FullBody<Bytes>>> {
    let caller = request.uri().path().trim_start_matches('/');
    #[cfg(feature = "vectors")]
    if caller == "vectors" {
        return Ok(match vectors::run() {
            Ok(transcript) => answer(StatusCode::OK, transcript),
            Err(difference) => answer(StatusCode::INTERNAL_SERVER_ERROR, difference),
        });
    }
    if caller.is_empty() || caller.len() > CALLER_BYTES_MAX {
        let text = format!("the path must be a caller's name of 1 to {CALLER_BYTES_MAX} bytes\n");
        return Ok(answer(StatusCode::NOT_FOUND, text));
    }
    let decision = match limit::acquire(caller) {
        Ok(decision) => decision,
        Err(error) => {
            eprintln!("caller {caller:?}: {error}");
            return Ok(answer(StatusCode::SERVICE_UNAVAILABLE, String::from("try again\n")));
        }
    };
    if decision.verdict == wit::Verdict::Allowed {
        let left = decision.limits.first().map_or(0, |limit| limit.remaining);
        return Ok(answer(StatusCode::OK, format!("{left} left\n")));
    }
    // Rounded up, so that a caller who waits that long gets through.
    let seconds = decision.retry_after.div_ceil(NANOS_PER_SECOND);
    let mut limited = answer(StatusCode::TOO_MANY_REQUESTS, format!("again in {seconds} s\n"));
    limited.headers_mut().insert("retry-after", seconds.into());
    Ok(limited)
}

fn answer(status: StatusCode, text: String) -> Response<FullBody<Bytes>> {
    let mut response = Response::new(FullBody::new(text.into()));
    *response.status_mut() = status;
    response
}
