//! One agent of several that call the same upstream. Before each call it asks for its turn; when the
//! upstream pushes back, it announces that to all the others, which slow down from then on.
//!
//! Calls of the upstream are lines of the standard input here, each with the status that it answered:
//!
//! ```sh
//! printf '200\n429\n' | cargo run -p tollgate-client --example agent -- \
//!   http://127.0.0.1:3000 upstream openai agent-3
//! ```

use std::error::Error;
use std::io::{Write as _, stdin, stdout};
use std::time::Duration;

use tollgate_client::blocking::Client;
use tollgate_client::{Acquire, AdaptiveLimit, Config, EventReport};

/// Longest wait for a turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);
/// How long this upstream is known to be cross after a 429.
const COOLDOWN: Duration = Duration::from_secs(20);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [url, policy, key, name] = &*arguments else {
        return Err("what it takes is URL POLICY KEY NAME".into());
    };
    let client = Client::new(Config::new(url)?);
    for status in stdin().lines() {
        client.acquire(&Acquire::new(policy, key, []), TURN_TIMEOUT)?;
        let status = status?;
        if status == "429" {
            announce(&client, policy, key, name)?;
        }
        for it in client.capacity(policy, key)? {
            let by = it.change.map_or_else(String::new, |change| format!(", by {}", change.source));
            writeln!(
                stdout(),
                "{name} {status} {}: {} of {}{by}",
                it.limit,
                it.capacity,
                it.original
            )?;
        }
    }
    Ok(())
}

/// Halves the capacity, which recovers by itself, and tells why.
fn announce(client: &Client, policy: &str, key: &str, name: &str) -> Result<(), Box<dyn Error>> {
    client.reduce_capacity(&AdaptiveLimit::new(policy, key).because(name, "429"), None)?;
    client.report_event(&EventReport::new(key, "429", COOLDOWN).from(name))?;
    Ok(())
}
