//! What is answered where the store works and will not do.

use serde_json::json;

use crate::support::{Api, Fault};

/// A store that can't compare and swap is refused with what to do, even by a policy that lets pass when
/// a store fails; only who allowed it is counted there.
#[test]
fn a_store_that_can_not_be_exact_is_for_who_allowed_it() {
    let api = Api::new();
    api.fault.set(Fault::Inexact);
    for policy in ["slow", "open", "local"] {
        let refused = api.acquire(&json!({"policy": policy, "key": "k"}));
        assert_eq!(refused.status, 500, "{policy}");
        assert_eq!(refused.json()["type"], "urn:tollgate:problem:misconfigured");
        let detail = refused.json()["detail"].to_string();
        for word in ["redis://", "allowed_outbound_hosts", "best_effort"] {
            assert!(detail.contains(word), "{detail}");
        }
    }
    let lossy = json!({"policy": "lossy", "key": "k"});
    assert_eq!([(); 3].map(|()| api.acquire(&lossy).status.as_u16()), [200, 200, 429]);
}

/// Several keys are one decision: one policy that wants exactness is enough to refuse it.
#[test]
fn several_keys_are_as_exact_as_the_strictest_of_their_policies() {
    let api = Api::new();
    api.fault.set(Fault::Inexact);
    let key = |policy: &str, key: &str| json!({"policy": policy, "key": key});
    let ask = |keys| api.acquire(&json!({ "keys": keys })).status.as_u16();
    assert_eq!(ask([key("lossy", "a"), key("lossy", "b")]), 200);
    assert_eq!(ask([key("lossy", "a"), key("slow", "b")]), 500);
}
