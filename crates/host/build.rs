//! Puts the composed edge component into the program, when `TOLLGATE_EDGE_WASM` says where it is.

use std::path::PathBuf;
use std::{env, fs};

const EDGE_VARIABLE: &str = "TOLLGATE_EDGE_WASM";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={EDGE_VARIABLE}");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let embedded = match env::var_os(EDGE_VARIABLE) {
        Some(path) => embed(&PathBuf::from(path), out.join("edge.wasm")),
        None => "None".to_owned(),
    };
    fs::write(out.join("embedded_edge.rs"), embedded).expect("cargo's folder can be written to");
}

fn embed(edge: &PathBuf, copy: PathBuf) -> String {
    println!("cargo::rerun-if-changed={}", edge.display());
    if let Err(error) = fs::copy(edge, copy) {
        panic!("{EDGE_VARIABLE}={}: {error}", edge.display());
    }
    r#"Some(include_bytes!(concat!(env!("OUT_DIR"), "/edge.wasm")))"#.to_owned()
}
