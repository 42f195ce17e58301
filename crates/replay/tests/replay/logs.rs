//! Access logs, line by line.

use crate::command::{bad_lines, replay_text};

/// A line with this client, time of day and end.
fn line(client: &str, time: &str, end: &str) -> String {
    format!("{client} - - [17/May/2015:{time} +0000] {end}\n")
}

const GET: &str = r#""GET /a?b=c HTTP/1.1" 200 100 "-" "curl/8.5.0""#;

#[test]
fn each_client_is_limited_by_itself_in_the_time_of_the_log() {
    let rows = [
        ("192.0.2.1", "10:00:00", "allowed", 1),
        ("192.0.2.1", "10:00:00", "allowed", 0),
        ("192.0.2.1", "10:00:00", "limited", 0),
        ("2001:db8::1", "10:00:00", "allowed", 1),
        ("192.0.2.1", "10:00:01", "allowed", 0),
        ("192.0.2.1", "10:00:09", "allowed", 1),
    ];
    let log: String = rows.iter().map(|(client, time, ..)| line(client, time, GET)).collect();
    let decisions = replay_text(&log, &[]).decisions();
    assert_eq!(decisions.len(), rows.len());
    for (number, ((client, time, verdict, remaining), decision)) in
        rows.into_iter().zip(decisions).enumerate()
    {
        assert_eq!(decision["line"], number + 1);
        assert_eq!(decision["key"], client);
        assert_eq!(decision["time"], format!("2015-05-17T{time}Z"));
        assert_eq!(decision["verdict"], verdict, "line {}", number + 1);
        assert_eq!(decision["limits"]["requests"]["remaining"], remaining, "line {}", number + 1);
    }
}

#[test]
fn the_key_is_the_client_the_user_or_the_path() {
    let log = format!(
        "{}192.0.2.2 - alice [17/May/2015:10:00:00 +0000] {GET}\n",
        line("192.0.2.1", "10:00:00", GET)
    );
    let keys = |field: &str| -> Vec<String> {
        let decisions = replay_text(&log, &["--key-field", field]).decisions();
        decisions.iter().map(|line| line["key"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(keys("ip"), ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(keys("user"), ["-", "alice"]);
    assert_eq!(keys("path"), ["/a", "/a"]);
}

#[test]
fn the_size_of_the_response_can_be_a_cost_and_no_size_is_zero() {
    let log = [
        line("192.0.2.1", "10:00:00", r#""GET / HTTP/1.1" 200 5120 "-" "x""#),
        line("192.0.2.1", "10:00:00", r#""GET / HTTP/1.1" 304 - "-" "x""#),
    ]
    .concat();
    let policies = r#"
        [policy.traffic]
        bytes = { algorithm = "token-bucket", capacity = 5000, refill = 5000, per = "1s" }
    "#;
    let command = || replay_text(&log, &["--cost", "bytes=bytes"]).policies(policies);
    let decisions = command().decisions();
    assert_eq!(decisions[0]["cost"]["bytes"], 5120);
    assert_eq!(decisions[0]["verdict"], "impossible");
    assert_eq!(decisions[0]["limits"]["bytes"]["retry_after_ms"], serde_json::Value::Null);
    assert_eq!(
        (&decisions[1]["cost"]["bytes"], &decisions[1]["allowed"]),
        (&0.into(), &true.into())
    );
    assert_eq!(command().summary()["limits"]["bytes"]["impossible"], 1);
}

#[test]
fn bad_lines_are_counted_and_the_first_are_shown_with_their_numbers() {
    let long_path = format!(r#""GET /{} HTTP/1.1" 200 1"#, "x".repeat(512));
    let longest_path = format!(r#""GET /{} HTTP/1.1" 200 1"#, "x".repeat(511));
    let agent = "x".repeat(64 * 1024);
    let log = [
        line("192.0.2.1", "10:00:00", &longest_path),
        line("192.0.2.1", "10:00:00", &long_path),
        "\n".to_owned(),
        line("192.0.2.1", "10:00:00", &format!(r#"{GET} "{agent}""#)),
        line("192.0.2.1", "25:00:00", GET),
        line("192.0.2.1", "10:00:00", r#""GET /?a HTTP/1.1" 200 1 "-" "an \"agent\" \\""#),
    ]
    .concat();
    let summary = replay_text(&log, &["--key-field", "path"]).summary();
    assert_eq!((&summary["requests"], &summary["bad_lines"]), (&2.into(), &3.into()));
    assert_eq!(
        bad_lines(&summary),
        [
            (2, "the key has 513 bytes; at most 512 are taken"),
            (4, "the line has more than 65536 bytes"),
            (5, r#""17/May/2015:25:00:00 +0000" is no time"#),
        ]
    );
    let summary = replay_text(&log, &["--key-field", "ip"]).summary();
    assert_eq!(summary["requests"], 3, "a long path is no fault where it is not the key");
}

#[test]
fn an_empty_key_is_a_bad_line() {
    let log = [line("", "10:00:00", GET), line("192.0.2.1", "10:00:00", GET)].concat();
    let summary = replay_text(&log, &["--format", "combined"]).summary();
    assert_eq!(bad_lines(&summary), [(1, "the key is empty")]);
}

#[test]
fn lines_may_step_back_in_time_and_are_sorted_only_if_asked() {
    let times = ["10:00:05", "10:00:00", "10:00:05", "10:00:07", "10:00:06"];
    let log: String = times.iter().map(|time| line("192.0.2.1", time, GET)).collect();
    let numbers = |args: &[&'static str]| -> Vec<u64> {
        let decisions = replay_text(&log, args).decisions();
        decisions.iter().map(|line| line["line"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers(&[]), [1, 2, 3, 4, 5]);
    assert_eq!(numbers(&["--sort"]), [2, 1, 3, 5, 4]);
    let went_back = |args: &[&'static str]| replay_text(&log, args).summary()["went_back"].clone();
    assert_eq!((went_back(&[]), went_back(&["--sort"])), (2.into(), 0.into()));
    let summary = replay_text(&log, &[]).summary();
    assert_eq!(summary["time"]["first"], "2015-05-17T10:00:00Z");
    assert_eq!(summary["time"]["last"], "2015-05-17T10:00:07Z");
    assert_eq!(summary["time"]["length_ms"], 7_000);
}
