//! The figures as Markdown.

use std::fmt::Write as _;
use std::fs;
use std::thread::available_parallelism;

use super::Results;
use super::load::{CONNECTIONS, Measured};

/// A ratio that the project promises, between two cases of one run.
struct Target {
    what: &'static str,
    figure: fn(&Measured) -> f64,
    of: char,
    to: char,
    bound: Bound,
}

enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

const TARGETS: [Target; 8] = [
    Target {
        what: "edge over null component, requests/s",
        figure: Measured::per_second,
        of: 'c',
        to: 'b',
        bound: Bound::AtLeast(0.85),
    },
    Target {
        what: "`--native` over bare hyper, requests/s",
        figure: Measured::per_second,
        of: 'e',
        to: 'a',
        bound: Bound::AtLeast(0.8),
    },
    Target {
        what: "composed over linked, CPU per request",
        figure: Measured::cpu_us_per_request,
        of: 'c',
        to: 'd',
        bound: Bound::AtMost(1.05),
    },
    Target {
        what: "one hot key: edge with leases over null component, requests/s",
        figure: Measured::per_second,
        of: 'k',
        to: 'b',
        bound: Bound::AtLeast(0.8),
    },
    Target {
        what: "one hot key: `--native` with combining over without, requests/s",
        figure: Measured::per_second,
        of: 'm',
        to: 'l',
        bound: Bound::AtLeast(10.0),
    },
    Target {
        what: "`--native` over throttlecrab's server, requests/s",
        figure: Measured::per_second,
        of: 'r',
        to: 's',
        bound: Bound::AtLeast(1.0),
    },
    Target {
        what: "100 acquires in a request over single ones, decisions/s",
        figure: Measured::decisions_per_second,
        of: 't',
        to: 'r',
        bound: Bound::AtLeast(20.0),
    },
    Target {
        what: "`--native` with Redis over `redis-benchmark`, requests/s",
        figure: Measured::per_second,
        of: 'u',
        to: 'v',
        bound: Bound::AtLeast(0.8),
    },
];

/// Load averages of the last 1, 5 and 15 minutes.
pub(super) fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

pub(super) fn machine(load_before: &str) -> String {
    let cores = available_parallelism().map_or(0, usize::from);
    format!(
        "{cores} cores, shared with wrk (1 thread, {CONNECTIONS} connections); load average \
         {load_before} before, {} after.\n",
        load_average()
    )
}

/// One row per case; `of a` is its requests/s relative to the first case's.
pub(super) fn cases(results: &[Results]) -> String {
    let mut table = String::from(
        "| | case | requests/s | of the first | p50 ms | p99 ms | CPU µs/request |\n\
         |---|---|--:|--:|--:|--:|--:|\n",
    );
    for result in results {
        let figure = |figure: fn(&Measured) -> f64| median(result.rounds.iter().map(figure));
        let _ = writeln!(
            table,
            "| {} | {} | {:.0} | {:.2} | {:.2} | {:.2} | {:.1} |",
            result.case.letter,
            result.case.title,
            figure(Measured::per_second),
            median(round_ratios(result, &results[0], Measured::per_second).into_iter()),
            figure(|measured| measured.p50_ms),
            figure(|measured| measured.p99_ms),
            figure(Measured::cpu_us_per_request),
        );
    }
    table
}

/// One row per target whose cases were both measured.
pub(super) fn ratios(results: &[Results]) -> String {
    let find = |letter| results.iter().find(|result| result.case.letter == letter);
    let mut table = String::from(
        "| ratio | median | lowest | highest | target | |\n|---|--:|--:|--:|--:|---|\n",
    );
    for Target { what, figure, of, to, bound } in &TARGETS {
        if let (Some(upper), Some(lower)) = (find(*of), find(*to)) {
            let ratios = round_ratios(upper, lower, *figure);
            let lowest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
            let highest = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let median = median(ratios.into_iter());
            let _ = writeln!(
                table,
                "| {of}/{to}: {what} | {median:.3} | {lowest:.3} | {highest:.3} | {} | {} |",
                bound.text(),
                bound.verdict(lowest, highest)
            );
        }
    }
    table
}

impl Bound {
    fn text(&self) -> String {
        match self {
            Self::AtLeast(bound) => format!("≥ {bound}"),
            Self::AtMost(bound) => format!("≤ {bound}"),
        }
    }

    /// Calls the target held or missed only if every round agrees: a noisy machine proves nothing.
    fn verdict(&self, lowest: f64, highest: f64) -> &'static str {
        let (worst, best) = match *self {
            Self::AtLeast(bound) => (lowest >= bound, highest >= bound),
            Self::AtMost(bound) => (highest <= bound, lowest <= bound),
        };
        match (worst, best) {
            (true, _) => "holds in every round",
            (false, true) => "differs between rounds",
            (false, false) => "missed in every round",
        }
    }
}

/// One ratio per round: what disturbs the machine in one round affects both cases.
fn round_ratios(upper: &Results, lower: &Results, figure: fn(&Measured) -> f64) -> Vec<f64> {
    let rounds = upper.rounds.iter().zip(&lower.rounds);
    rounds.map(|(upper, lower)| figure(upper) / figure(lower)).collect()
}

pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}
