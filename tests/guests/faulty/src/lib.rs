//! Misbehaves as the path says. Whatever it does, the host must answer and go on.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use spin_sdk::http::{FullBody, Request, Response};
use spin_sdk::{http_service, time};

/// More than the host sends on, and less than the memory it gives.
const HUGE_BYTES: usize = 8 << 20;

#[http_service]
async fn handle(request: Request) -> spin_sdk::http::Result<Response<FullBody<Bytes>>> {
    let answer = match request.uri().path() {
        "/ok" => Bytes::from_static(b"ok"),
        "/trap" => panic!("last words"),
        "/error" => return Err("an error, not an answer".into()),
        "/loop" => compute_without_end(),
        "/alloc" => allocate_without_end(),
        "/slow" => {
            time::sleep(Duration::from_secs(3_600)).await;
            Bytes::from_static(b"late")
        }
        "/huge" => vec![b'x'; HUGE_BYTES].into(),
        "/send" => {
            let answer = spin_sdk::http::get("http://127.0.0.1:1/").await;
            format!("{:?}", answer.map(|_| "sent").map_err(|error| error.to_string())).into()
        }
        "/look-around" => look_around().into(),
        "/print" => {
            println!("to stdout");
            eprintln!("to stderr");
            Bytes::new()
        }
        _ => Bytes::from_static(b"no such fault"),
    };
    Ok(Response::new(FullBody::new(answer)))
}

fn compute_without_end() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns + 1);
    }
}

fn allocate_without_end() -> ! {
    let mut held = Vec::new();
    loop {
        held.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// What of the host's machine can be seen from here.
fn look_around() -> String {
    let mut seen = String::new();
    let variables = std::env::vars().count();
    let arguments = std::env::args().count();
    let files = std::fs::read_dir("/").is_ok();
    let network = std::net::TcpStream::connect("127.0.0.1:1").map_err(|error| error.kind());
    let _ = writeln!(seen, "{variables} variables, {arguments} arguments, files: {files}");
    let _ = writeln!(seen, "network: {:?}", network.map(|_| "connected"));
    seen
}
