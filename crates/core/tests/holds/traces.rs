//! Real traces, where they are to be had: windows and slots against naive oracles.
//!
//! They are no part of the project. Without them these tests say so and pass.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use tollgate_core::{
    Acquire, Algorithm, Effect, Hold, Id, Limit, Operation, Policy, Record, Span, Timestamp,
    Verdict, Windows,
};

use crate::oracle::Oracle;
use crate::world::apply;

const MINUTE: Span = Span::from_secs(60);
/// The first of May 2015, and of November 2023.
const MONTHS_SECS: [u64; 2] = [1_430_438_400, 1_698_796_800];

/// One line of a trace.
struct Request {
    key: String,
    at: Timestamp,
    units: [u64; 3],
}

/// A file of the folder that `TOLLGATE_SHARED` names, or of `shared` beside the repository.
fn trace(name: &str) -> Option<String> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = env::var_os("TOLLGATE_SHARED").map_or_else(beside, PathBuf::from);
    let path = folder.join("data").join(name);
    let text = fs::read_to_string(&path).ok();
    if text.is_none() {
        // Straight to the stream: the test runner would keep what a passing test prints.
        let notice = format!("skipped: there is no {}; set TOLLGATE_SHARED\n", path.display());
        io::stderr().write_all(notice.as_bytes()).unwrap();
    }
    text
}

/// Nanoseconds from a day of the month and a time of the day, as `10:05:03.25`.
fn time(month: usize, day: &str, clock: &str) -> Timestamp {
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let secs = clock.split(':').fold(0, |sum, part| sum * 60 + part.parse::<u64>().unwrap());
    let days = day.parse::<u64>().unwrap() - 1;
    let nanos: u64 = format!("{fraction:0<9}").parse().unwrap();
    let secs = MONTHS_SECS[month] + days * 86_400 + secs;
    Timestamp::from_nanos(secs * 1_000_000_000 + nanos)
}

/// The requests of the web server, each one unit for its client, in the order of their time.
fn web() -> Option<Vec<Request>> {
    let line = |line: &str| {
        let (key, rest) = line.split_once(' ').unwrap();
        let stamp = rest.split_once('[').unwrap().1;
        // 17/May/2015:10:05:03 +0000
        let (day, clock) = (&stamp[..2], &stamp[12..20]);
        Request { key: key.into(), at: time(0, day, clock), units: [1; 3] }
    };
    let mut requests: Vec<Request> = trace("access.log")?.lines().map(line).collect();
    requests.sort_by_key(|request| request.at);
    Some(requests)
}

/// The calls of the language model, all of one key: one call, and its tokens in and out.
fn llm() -> Option<Vec<Request>> {
    let line = |line: &str| {
        let mut fields = line.split(',');
        // 2023-11-16 18:17:03.9799600
        let (date, clock) = fields.next().unwrap().split_once(' ').unwrap();
        let mut units = || fields.next().unwrap().parse::<u64>().unwrap();
        let units = [1, units(), units()];
        Request { key: "all".into(), at: time(1, &date[8..], clock), units }
    };
    Some(trace("llm-trace-code.csv")?.lines().skip(1).map(line).collect())
}

/// Every decision, and each number of units that remain, is what three naive logs say together.
fn check_windows(requests: &[Request], limits: [Algorithm; 3]) {
    let named = limits.iter().enumerate();
    let named = named.map(|(index, it)| Limit::new(&format!("limit-{index}"), *it).unwrap());
    let policy = Policy::new(named).unwrap();
    let mut keys = BTreeMap::new();
    let mut seen = [0; 2];
    for Request { key, at, units } in requests {
        let fresh = || -> Vec<Oracle> {
            policy.limits().iter().map(|limit| Oracle::new(limit, *at)).collect()
        };
        let (record, oracles) = keys.entry(key).or_insert_with(|| (Record::new(&policy), fresh()));
        let remaining = |oracles: &mut Vec<Oracle>| -> Vec<u64> {
            oracles.iter_mut().map(|oracle| oracle.remaining(*at).unwrap()).collect()
        };
        let passes = remaining(oracles).iter().zip(units).all(|(left, units)| units <= left);
        if passes {
            oracles.iter_mut().zip(units).for_each(|(oracle, units)| oracle.charge(*at, *units));
        }
        let costs = policy.costs_in_order(units).unwrap().into();
        let answer = apply(&policy, record, &costs, *at);
        assert_eq!(answer.verdict == Verdict::Allowed, passes, "{key} at {at:?}");
        let said: Vec<u64> = answer.limits.iter().map(|status| status.remaining).collect();
        assert_eq!(said, remaining(oracles), "{key} at {at:?}");
        seen[usize::from(passes)] += 1;
    }
    assert!(seen.iter().all(|count| *count > requests.len() / 20), "{seen:?}");
}

/// Every request takes a slot for a while of up to `longest`. Every other one lets go by itself, the
/// rest are forgotten. Who gets a slot is what a list of the ends of those that have one says.
fn check_slots(requests: &[Request], slots: usize, longest: Span) {
    let policy = Policy::new([Limit::concurrency("in_flight", slots as u64).unwrap()]).unwrap();
    let one = policy.costs([]).unwrap();
    let mut keys = BTreeMap::new();
    let mut seen = [0; 2];
    for (index, Request { key, at, .. }) in requests.iter().enumerate() {
        let (record, ends) = keys
            .entry(key)
            .or_insert_with(|| (Record::new(&policy), Vec::<(Timestamp, Id, bool)>::new()));
        ends.sort_unstable();
        for (end, hold, lets_go) in ends.extract_if(.., |(end, ..)| *end <= *at) {
            if lets_go {
                let released = apply(&policy, record, &Operation::Release { hold }, end);
                assert_eq!(released.effect, Effect::Released);
            }
        }
        let passes = ends.len() < slots;
        let random = (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (while_, lets_go) =
            (Span::from_nanos(1 + random % longest.as_nanos()), random >> 63 == 0);
        let id = Id::from_u128(index as u128);
        let ttl = if lets_go { Span::from_secs(86_400) } else { while_ };
        let asked = Acquire::new(one).held(Hold::new(id, ttl).unwrap()).into();
        let answer = apply(&policy, record, &asked, *at);
        assert_eq!(answer.verdict == Verdict::Allowed, passes, "{key} at {at:?}");
        if passes {
            ends.push((at.plus(while_), id, lets_go));
        }
        assert_eq!(answer.limits[0].held, ends.len() as u64);
        seen[usize::from(passes)] += 1;
    }
    assert!(seen.iter().all(|count| *count > requests.len() / 20), "{seen:?}");
}

fn windows(period: Span) -> Windows {
    Windows::Aligned { period, utc_offset_secs: 0 }
}

#[test]
fn windows_on_the_web_trace() {
    let Some(requests) = web() else { return };
    let day = Span::from_secs(86_400);
    let fixed = Algorithm::FixedWindow { limit: 3, windows: windows(MINUTE) };
    let log = Algorithm::SlidingLog { limit: 20, period: Span::from_secs(3_600) };
    check_windows(&requests, [fixed, log, Algorithm::SlidingCounter { limit: 40, period: day }]);
}

#[test]
fn windows_on_the_llm_trace() {
    let Some(requests) = llm() else { return };
    let calls = Algorithm::FixedWindow { limit: 97, windows: windows(MINUTE) };
    let input = Algorithm::SlidingLog { limit: 300_007, period: MINUTE };
    check_windows(
        &requests,
        [calls, input, Algorithm::SlidingCounter { limit: 4_001, period: MINUTE }],
    );
}

#[test]
fn slots_on_the_web_trace() {
    let Some(requests) = web() else { return };
    check_slots(&requests, 2, Span::from_secs(30));
}

#[test]
fn slots_on_the_llm_trace() {
    let Some(requests) = llm() else { return };
    check_slots(&requests, 5, Span::from_secs(9));
}
