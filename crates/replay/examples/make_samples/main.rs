//! Writes the generated samples: `cargo run -p tollgate-replay --example make_samples`.

mod samples;

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    fs::write(folder.join("access.log"), samples::access_log())?;
    fs::write(folder.join("llm.csv"), samples::llm_csv())
}
