//! What a text of API keys may say, and what is answered when it says something else.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use tollgate_core::Name;
use tollgate_policy::{API_KEYS_MAX, ApiKeys, Scope};

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn key(name: &str, hash: &str) -> String {
    format!("[key.{name}]\nsha256 = '{hash}'\ntenant = 'acme'\nscopes = ['acquire']\n")
}

fn error(text: &str) -> String {
    ApiKeys::parse(text).unwrap_err().to_string()
}

#[test]
fn keys_are_read_from_toml_and_json() {
    let toml = ApiKeys::parse(&key("a", HASH)).unwrap();
    let json = format!(
        r#"{{"key": {{"a": {{"sha256": "{HASH}", "tenant": "acme", "scopes": ["acquire"]}}}}}}"#
    );
    assert_eq!(ApiKeys::parse(&json).unwrap(), toml);
    let [key] = toml.keys() else { panic!("there is one") };
    assert_eq!((key.sha256[0], key.sha256[31]), (0x9f, 0x08));
    assert_eq!(key.scopes, [Scope::Acquire]);
    assert_eq!(ApiKeys::parse("").unwrap().keys(), []);
}

#[test]
fn bad_keys_are_refused_with_their_field() {
    for (text, message) in [
        ("[policy.a]", "policy: a text has nothing but tables [key.NAME]"),
        ("key = 5", "key: a text has nothing but tables [key.NAME]"),
        ("[key]\na = 1", "key.a: must be a table"),
        ("[key.a]", "key.a.sha256: a key needs it"),
        ("[key.a]\nsha256 = 'abc'", "key.a.sha256: must have 64 hex digits"),
        (
            "[key.a]\nkey = 'secret'",
            "key.a.key: is no field of a key, which has sha256, tenant, scopes",
        ),
    ] {
        assert_eq!(error(text), message);
    }
    let signed = format!("+{}", &HASH[1..]);
    assert_eq!(error(&key("a", &signed)), "key.a.sha256: must have 64 hex digits");
    let of = |rest: &str| error(&format!("[key.a]\nsha256 = '{HASH}'\n{rest}"));
    assert_eq!(of(""), "key.a.tenant: a key needs it");
    assert_eq!(of("tenant = 'a/b'"), format!("key.a.tenant: must be {}", Name::RULE));
    assert!(of("tenant = 'a'").starts_with("key.a.scopes: must be a list"));
    assert!(of("tenant = 'a'\nscopes = ['all']").starts_with("key.a.scopes: has only"));
    assert_eq!(error(&(key("a", HASH) + &key("b", HASH))), "key.b: is given twice");
}

#[test]
fn there_are_at_most_so_many_keys() {
    let keys = |count: usize| {
        (0..count).map(|n| key(&n.to_string(), &format!("{n:064x}"))).collect::<String>()
    };
    assert_eq!(ApiKeys::parse(&keys(API_KEYS_MAX)).unwrap().keys().len(), API_KEYS_MAX);
    assert!(!error(&keys(API_KEYS_MAX + 1)).is_empty());
}
