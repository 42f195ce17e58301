//! The samples: made up by a seeded generator, so that they are the same whenever they are made.

use std::fmt::Write as _;

/// 14 October 2024, 09:00:00 UTC.
const START_SECS: i64 = 1_728_896_400;
/// Requests or calls in each sample, about.
const REQUESTS: u64 = 160;

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `end - 1`.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// Half an hour of a small web site, and a client that asks 40 times within ten seconds.
pub(crate) fn access_log() -> String {
    let clients = ["192.0.2.17", "192.0.2.80", "198.51.100.4", "198.51.100.9", "2001:db8::a:1"];
    let paths = ["/", "/about", "/blog/", "/blog/first", "/img/logo.png", "/search?q=limits"];
    let agents = ["Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0", r#"reader \"daily\" 2.1"#];
    let mut random = Random(1);
    let mut requests = Vec::new();
    for _ in 0..REQUESTS {
        let second = random.below(1_800) as i64;
        requests.push((
            second,
            random.one_of(&clients),
            random.one_of(&paths),
            random.one_of(&agents),
        ));
    }
    for _ in 0..40 {
        let second = 1_000 + random.below(10) as i64;
        requests.push((second, "203.0.113.50", "/search?q=all", "python-requests/2.32.0"));
    }
    // Sorted by their end, as servers write them: a request may take a few seconds.
    requests.sort_by_cached_key(|(second, ..)| second + random.below(3) as i64);
    let mut text = String::new();
    for (second, client, path, agent) in requests {
        let time = jiff::Timestamp::from_second(START_SECS + second).expect("a time of our era");
        let time = time.strftime("%d/%b/%Y:%H:%M:%S +0000");
        let user = if random.below(8) == 0 { "alice" } else { "-" };
        let (status, size) = match random.below(10) {
            0 => (304, "-".to_owned()),
            _ => (200, random.below(20_000).to_string()),
        };
        writeln!(
            text,
            r#"{client} - {user} [{time}] "GET {path} HTTP/1.1" {status} {size} "-" "{agent}""#
        )
        .expect("a string takes everything");
    }
    text
}

/// A quarter of an hour of calls of a language model by four teams; one of them sends long inputs.
pub(crate) fn llm_csv() -> String {
    let teams = ["red", "green", "blue", "batch"];
    let mut random = Random(2);
    let mut text = String::from("timestamp,team,input_tokens,output_tokens\n");
    let mut millis = START_SECS * 1_000;
    for _ in 0..REQUESTS + 40 {
        millis += random.below(9_000) as i64;
        let time = jiff::Timestamp::from_millisecond(millis).expect("a time of our era");
        let team = random.one_of(&teams);
        let longest = if team == "batch" { 24_000 } else { 3_000 };
        let (input, output) = (random.below(longest) + 20, random.below(600) + 1);
        writeln!(text, "{time:.3},{team},{input},{output}").expect("a string takes everything");
    }
    text
}
