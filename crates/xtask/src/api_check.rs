//! Sends the running program requests that its OpenAPI document allows, and some that it does not, with
//! schemathesis. No answer may be a 5xx, or one that the document does not describe.

use std::path::Path;
use std::process::Command;

use crate::command::run;
use crate::server::Server;
use crate::{paths, python};

/// How many requests are generated for each operation, besides those at the bounds of its schemas. Takes
/// half a minute or so per runtime.
const EXAMPLES_MAX: &str = "25";

/// Makes every run send the same requests.
const SEED: &str = "1";

/// The checks of every answer. Left out: that a request which fits its schema is accepted, since no schema says
/// which limits a policy has; and `Allow`, which lists the methods of all templates that a path matches.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,unsupported_method,negative_data_rejection";

/// The arguments of both runtimes.
const RUNTIMES: [&[&str]; 2] = [&[], &["--native"]];

/// Checks the program, which has been built.
pub(crate) fn check(program: &Path) -> anyhow::Result<()> {
    let requirements = paths::root().join("crates/xtask/api-check/requirements.txt");
    let schemathesis = python::environment("api-check", &requirements)?.join("schemathesis");
    let config = paths::root().join("crates/xtask/api-check/schemathesis.toml");
    let policies = paths::root().join("crates/service/tests/api/openapi.toml");
    for runtime in RUNTIMES {
        let mut serve = Command::new(program);
        serve.args(["serve", "--listen", "127.0.0.1:0", "--store", "memory", "--policies"]);
        let server = Server::start(serve.arg(&policies).args(runtime))?;
        let document = format!("http://{}/openapi.json", server.address);
        run(Command::new(&schemathesis)
            .arg("--config-file")
            .arg(&config)
            .args(["run", "--phases", "examples,coverage,fuzzing", "--checks", CHECKS])
            .args(["--max-examples", EXAMPLES_MAX, "--seed", SEED, "--continue-on-failure"])
            .args(["--suppress-health-check", "all", "--warnings", "off", &document])
            // What schemathesis remembers of an earlier run would change its requests.
            .current_dir(paths::out()))?;
        server.check_health()?;
    }
    Ok(())
}
