//! Calls the key-value host, one scenario for each path, and answers what happened as lines of text.
//!
//! What should have happened is written in the host's test, not here.

mod atomics;
mod batch;
mod spin;
mod store;

use bytes::Bytes;
use spin_sdk::http::{FullBody, Request, Response};
use spin_sdk::{http_service, variables};

/// Bindings of `wasi:keyvalue`, without the parts that Spin's SDK keeps to itself.
mod wit {
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated from WIT")]
    spin_sdk::wit_bindgen::generate!({
        path: "../../../wit/deps/wasi-keyvalue-0.2.0-draft2",
        world: "imports",
        runtime_path: "spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}

#[http_service]
async fn handle(request: Request) -> spin_sdk::http::Result<Response<FullBody<Bytes>>> {
    let path = request.uri().path().trim_start_matches('/');
    let mut parts = path.splitn(2, '/');
    let (scenario, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let text = match scenario {
        "store" => store::scenario(),
        "labels" => store::labels(),
        "value" => store::value(name),
        "cursor" => store::cursor(),
        "pages" => store::pages(name),
        "batch" => batch::scenario(),
        "batch-too-long" => batch::too_long(),
        "cas" => atomics::cas(),
        "creations" => atomics::creations(),
        "cas-without-current" => atomics::cas_without_current(),
        "cas-handles" => atomics::handles(),
        "increment" => atomics::increment(),
        "count" => atomics::count(name),
        "limits" => store::limits(),
        "spin" => spin::scenario().await,
        "spin-handles" => spin::handles().await,
        "variable" => format!("{:?}\n", variables::get(name).await),
        _ => format!("no scenario {scenario}\n"),
    };
    Ok(Response::new(FullBody::new(text.into())))
}

/// A value as text, which all values of the scenarios are.
fn text(value: Option<Vec<u8>>) -> Option<String> {
    value.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
