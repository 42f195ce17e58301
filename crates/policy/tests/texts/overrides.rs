//! Other numbers for some keys, and at some hours.

use tollgate_core::{KEY_BYTES_MAX, Span, Timestamp};
use tollgate_policy::{KEY_PREFIXES_MAX, NamedPolicy, OVERRIDES_MAX, PolicySet};

use crate::error;

/// Monday, 2027-01-18, 00:00 UTC.
const MONDAY: Timestamp = Timestamp::from_secs(1_800_230_400);

/// The policy `p` with a limit of 100 per minute and these overrides.
fn policy(overrides: &str) -> NamedPolicy {
    PolicySet::parse(&text(overrides)).unwrap().get("p").unwrap().clone()
}

fn text(overrides: &str) -> String {
    format!(
        "[policy.p]\n\
         x = {{ algorithm = 'gcra', limit = 100, per = '1m', burst = 20 }}\n\
         y = {{ algorithm = 'token-bucket', capacity = 5, refill = 5, per = '1s' }}\n\
         overrides = [{overrides}]"
    )
}

/// What the first limit holds for a key, so many hours after Monday began.
fn burst(policy: &NamedPolicy, key: &str, hours: u64) -> u64 {
    let now = MONDAY.plus(Span::from_secs(hours * 3_600));
    policy.limits_at(key, now).limits()[0].capacity()
}

/// The first override that is for a key is the one, and where none is the policy is as it stands.
#[test]
fn the_first_that_fits_is_in_force() {
    let policy = policy(
        "{ keys = ['gold:7'], x = { burst = 1 } }, \
         { keys = ['b', 'gold:*', 'a'], x = { burst = 2 } }, \
         { keys = ['*'], days = 'sun', x = { burst = 3 } }",
    );
    for (key, expected) in
        [("gold:7", 1), ("gold:70", 2), ("a", 2), ("b", 2), ("gold", 20), ("A", 20)]
    {
        assert_eq!(burst(&policy, key, 0), expected, "{key}");
    }
    assert_eq!(burst(&policy, "gold", 6 * 24), 3, "on Sunday");
    assert_eq!(policy.overrides().len(), 3);
}

/// What an override doesn't say is as the policy has it: the other fields, the other limits, the options.
#[test]
fn what_is_not_said_stays() {
    let text = "[policy.p]\non_store_failure = 'local'\nheaders = 'none'\n\
                x = { algorithm = 'gcra', limit = 100, per = '1m', burst = 20, default_cost = 3 }\n\
                y = { algorithm = 'concurrency', slots = 5 }\n\
                [[policy.p.overrides]]\nkeys = ['k']\nx = { limit = 600, shadow = true }";
    let set = PolicySet::parse(text).unwrap();
    let all = set.get("p").unwrap();
    let one = &all.overrides()[all.override_at("k", MONDAY).unwrap()];
    let expected = "[policy.p]\non_store_failure = 'local'\nheaders = 'none'\n\
                    x = { algorithm = 'gcra', per = '1m', burst = 20, default_cost = 3, limit = 600, shadow = true }\n\
                    y = { algorithm = 'concurrency', slots = 5 }";
    let expected = PolicySet::parse(expected).unwrap();
    let expected = expected.get("p").unwrap();
    assert_eq!((one.limits(), one.local()), (expected.limits(), expected.local()));
    assert!(one.local().is_some());
    assert_eq!(all.limits().limits()[0].period(), Span::from_secs(12), "it is itself no other");
    let json = serde_json::to_string(all.text()).unwrap();
    assert_eq!(NamedPolicy::new("p", &serde_json::from_str(&json).unwrap()).as_ref(), Ok(all));
}

/// Hours are of the local day, and may go over midnight and over the end of the week.
#[test]
fn hours_are_read_as_they_are_written() {
    let rows: [(&str, &[u64], &[u64]); 6] = [
        ("days = 'mon-fri', from = '09:00', to = '17:00'", &[9, 16, 24 + 9], &[8, 17, 5 * 24 + 9]),
        ("days = 'sat, sun'", &[5 * 24, 6 * 24 + 23], &[4 * 24 + 23, 0]),
        ("days = 'fri-mon'", &[0, 23, 4 * 24, 6 * 24], &[24, 3 * 24 + 23]),
        ("from = '22:00', to = '06:00'", &[22, 29, 5], &[6, 21]),
        ("from = '22:00'", &[22, 23], &[21, 24]),
        ("to = '06:00', utc_offset = '-02:00'", &[2, 7], &[1, 8]),
    ];
    for (hours, inside, outside) in rows {
        let policy = policy(&format!("{{ {hours}, x = {{ burst = 7 }} }}"));
        inside.iter().for_each(|at| assert_eq!(burst(&policy, "k", *at), 7, "{hours}: {at}"));
        outside.iter().for_each(|at| assert_eq!(burst(&policy, "k", *at), 20, "{hours}: {at}"));
    }
}

/// The field is named, and what belongs there.
#[test]
fn what_is_wrong_with_an_override_names_the_field() {
    let prefixes = vec!["'a*'"; KEY_PREFIXES_MAX + 1].join(",");
    let prefixes = format!("{{ keys = [{prefixes}], x = {{ limit = 1 }} }}");
    let long = format!("{{ keys = ['{}'], x = {{ limit = 1 }} }}", "k".repeat(KEY_BYTES_MAX + 1));
    let rows = [
        ("1", "[0]: must be a table"),
        ("{ x = { limit = 1 } }", "[0]: needs keys, or hours"),
        ("{ keys = ['a'] }", "[0]: overrides no limit"),
        ("{ keys = ['a'], z = { limit = 1 } }", "[0].z: is no limit of this policy"),
        ("{ keys = ['a'], z = 1 }", "[0].z: is no field of an override, which has keys"),
        ("{ keys = ['a'], x = { limit = 0 } }", "[0].x.limit: must be 1 to"),
        ("{ keys = ['a'], x = { refill = 1 } }", "[0].x.refill: is no field of gcra"),
        ("{ keys = ['a'], x = { algorithm = 'gcra' } }", "[0].x.algorithm: is the same in"),
        ("{ keys = ['a'], x = { default_cost = 2 } }", "[0].x.default_cost: is the same in"),
        ("{ keys = ['a'], x = { per_call = true } }", "[0].x.per_call: is the same in"),
        ("{ days = 'mon', x = { per = '1h' } }", "[0].x.per: does not change by the hour"),
        (
            "{ days = 'mon', x = { limit = 1 } }, { keys = ['a'], x = { per = '1h' } }",
            "[1].x.per: does not change by the hour; say it for keys, before overrides with hours",
        ),
        ("{ keys = ['a'], y = { refill = 0 } }", "[0].y: one that refills and one that"),
        ("{ keys = 'a', x = { limit = 1 } }", "[0].keys: must be a list"),
        ("{ keys = [], x = { limit = 1 } }", "[0].keys: must be a list"),
        ("{ keys = ['a', 1], x = { limit = 1 } }", "[0].keys[1]: must be a text"),
        ("{ keys = [''], x = { limit = 1 } }", "[0].keys[0]: must have 1 to 512 bytes, not 0"),
        (&long, "[0].keys[0]: must have 1 to 512 bytes, not 513"),
        (&prefixes, "[0].keys[16]: at most 16 of them end with *"),
        ("{ days = 'montag', x = { limit = 1 } }", "[0].days: \"montag\" names no days"),
        ("{ days = '', x = { limit = 1 } }", "[0].days: \"\" names no days"),
        ("{ from = '9', x = { limit = 1 } }", "[0].from: \"9\" is no time of a day"),
        ("{ from = '24:00', x = { limit = 1 } }", "[0].from: must be 00:00 to 23:59"),
        ("{ to = '00:00', x = { limit = 1 } }", "[0].to: must be 00:01 to 24:00"),
        ("{ to = '24:01', x = { limit = 1 } }", "[0].to: \"24:01\" is no time of a day"),
        (
            "{ keys = ['a'], utc_offset = '+02:00', x = { limit = 1 } }",
            "[0].utc_offset: belongs to",
        ),
        (
            "{ to = '01:00', utc_offset = '+19:00', x = { limit = 1 } }",
            "[0].utc_offset: must be at",
        ),
        ("{ keys = ['a'], x = { limit = 1 } }, 2", "[1]: must be a table"),
    ];
    for (overrides, expected) in rows {
        let (error, expected) = (error(&text(overrides)), format!("policy.p.overrides{expected}"));
        assert!(error.starts_with(&expected), "{overrides}: {error}");
    }
    let twice = r#"{"policy":{"p":{"x":{"algorithm":"concurrency","slots":1},
        "overrides":[{"keys":["a"],"x":{"slots":2},"x":{"slots":3}}]}}}"#;
    assert_eq!(error(twice), "policy.p.overrides[0].x: is given twice");
    let twice =
        twice.replace(r#","x":{"slots":3}"#, "").replace("\"slots\":2", "\"slots\":2,\"slots\":2");
    assert_eq!(error(&twice), "policy.p.overrides[0].x.slots: is given twice");
    assert!(
        error("[policy.p]\noverrides = 1").starts_with("policy.p.overrides: must be a list of")
    );
}

#[test]
fn their_number_is_bounded() {
    let one = "{ keys = ['a'], x = { limit = 1 } }";
    assert_eq!(policy(&vec![one; OVERRIDES_MAX].join(",")).overrides().len(), OVERRIDES_MAX);
    let error = error(&text(&vec![one; OVERRIDES_MAX + 1].join(",")));
    assert_eq!(error, "policy.p.overrides: must be a list of at most 32 tables");
}

/// `tollgate check` tells the line of what is wrong in an override.
#[test]
fn an_error_has_a_position() {
    let text = "[policy.p]\nx = { algorithm = 'concurrency', slots = 1 }\n\
                [[policy.p.overrides]]\nkeys = ['a']\nx = { slots = 2 }\n\
                [[policy.p.overrides]]\nkeys = ['b']\nx = { slots = 0 }";
    let error = PolicySet::parse(text).unwrap_err();
    assert_eq!(error.position(text).as_deref(), Some("line 8 column 15"), "{error}");
}
