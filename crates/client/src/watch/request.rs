//! What to watch.

use crate::calls::segment;

/// What is watched, and from when on.
///
/// ```
/// use tollgate_client::WatchRequest;
///
/// let all_from_now_on = WatchRequest::default();
/// let of_a_key = WatchRequest::default().of_policy("upstream").of_key("openai").after("0");
/// # drop((all_from_now_on, of_a_key));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WatchRequest {
    policy: Option<String>,
    key: Option<String>,
    after: Option<String>,
}

impl WatchRequest {
    /// Only what happens under this policy. Upstream events have none, and are not told then.
    #[must_use]
    pub fn of_policy(mut self, policy: &str) -> Self {
        self.policy = Some(policy.to_owned());
        self
    }

    /// Only what happens to this key. Upstream events have none, and are not told then.
    #[must_use]
    pub fn of_key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// Events after this id, where an earlier watcher left off; `0` is everything that is kept. Without it,
    /// events from now on.
    #[must_use]
    pub fn after(mut self, id: &str) -> Self {
        self.after = Some(id.to_owned());
        self
    }

    pub(super) fn path(&self) -> String {
        let parameters = [("policy", &self.policy), ("key", &self.key), ("after", &self.after)];
        let parameters = parameters.iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
        let query: Vec<_> =
            parameters.map(|(name, text)| format!("{name}={}", segment(text))).collect();
        if query.is_empty() {
            String::from("/v1/watch")
        } else {
            format!("/v1/watch?{}", query.join("&"))
        }
    }
}
