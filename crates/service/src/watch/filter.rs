//! Which events a watcher wants.

use super::news::Subject;

/// Names that the subject must have. If either is set, events without a policy are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Filter {
    pub(crate) policy: Option<String>,
    pub(crate) key: Option<String>,
}

impl Filter {
    pub(super) fn wants(&self, subject: &Subject) -> bool {
        let is = |wanted: &Option<String>, there: &String| {
            wanted.as_ref().is_none_or(|wanted| wanted == there)
        };
        is(&self.policy, &subject.policy) && is(&self.key, &subject.key)
    }
}
