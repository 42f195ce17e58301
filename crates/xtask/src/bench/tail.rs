//! Tail latency at half of a server's peak throughput.

use std::fmt::Write as _;
use std::time::Duration;

use super::case::{BOTH_RUNTIMES, Case};
use super::load::{CONNECTIONS, Load, Measured};
use super::report::median;
use super::{Bench, Results, WARM_UP};

/// p99 over p50 of the chosen cases, each at half its rate in the table.
pub(super) fn at_half_the_peak(bench: &Bench, results: &[Results]) -> anyhow::Result<String> {
    let mut table = String::from(
        "| at half the peak | of the peak | p50 ms | p99 ms | p99 over p50 | target |\n\
         |---|--:|--:|--:|--:|--:|\n",
    );
    for result in results.iter().filter(|result| BOTH_RUNTIMES.contains(result.case.letter)) {
        let peak = median(result.rounds.iter().map(Measured::per_second));
        let half = bench.measure_at(result.case, peak / 2.0)?;
        let (p50, p99, ratio) = (half.p50_ms, half.p99_ms, half.p99_over_p50());
        let of_peak = half.per_second() / peak;
        let title = result.case.title;
        let _ =
            writeln!(table, "| {title} | {of_peak:.2} | {p50:.2} | {p99:.2} | {ratio:.1} | ≤ 3 |");
    }
    Ok(table)
}

impl Bench {
    /// A fresh server, with pauses between requests that yield about `per_second` of them.
    fn measure_at(&self, case: &Case, per_second: f64) -> anyhow::Result<Measured> {
        let server = case.start(self)?;
        let load = Load { folder: &self.folder, server: &server, case };
        let connections: f64 = CONNECTIONS.parse()?;
        let pause = Duration::from_secs_f64(connections / per_second);
        let pause_ms = u64::try_from(pause.as_millis())?.max(1);
        load.wrk(WARM_UP, pause_ms)?;
        load.wrk(self.duration, pause_ms)
    }
}
