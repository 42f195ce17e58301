//! Serves `spin:variables@3.0.0` to a guest, from values that the program supplies.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmtime::component::{Accessor, HasData, Linker};

use crate::bindings::spin::variables::variables::{self, Error, Host, HostWithStore};

/// Values under names in lower snake case.
pub type Variables = Arc<BTreeMap<String, String>>;

/// What the host function borrows of an instance's data.
pub struct VariablesView<'a>(pub &'a Variables);

/// Names [`VariablesView`] for the generated code.
struct VariablesHost;

impl HasData for VariablesHost {
    type Data<'a> = VariablesView<'a>;
}

/// Gives the guests of `linker` the variables.
///
/// # Errors
/// When the linker has them already.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> VariablesView<'_>,
) -> wasmtime::Result<()> {
    variables::add_to_linker::<_, VariablesHost>(linker, view)
}

impl Host for VariablesView<'_> {}

impl<T: Send> HostWithStore<T> for VariablesHost {
    async fn get(
        accessor: &Accessor<T, Self>,
        name: String,
    ) -> wasmtime::Result<Result<String, Error>> {
        let variables = accessor.with(|mut access| Arc::clone(access.get().0));
        Ok(look_up(&variables, name))
    }
}

fn look_up(variables: &BTreeMap<String, String>, name: String) -> Result<String, Error> {
    if !is_name(&name) {
        return Err(Error::InvalidName(format!(
            "{name:?}: a name starts with a letter and has only a-z, 0-9 and _"
        )));
    }
    variables
        .get(&name)
        .cloned()
        .ok_or_else(|| Error::Undefined(format!("no variable is called {name:?}")))
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn a_variable_is_found_or_the_error_says_why_not() {
        let variables = BTreeMap::from([("policies".to_owned(), "text".to_owned())]);
        assert_eq!(look_up(&variables, "policies".to_owned()).unwrap(), "text");
        assert!(matches!(look_up(&variables, "other_1".to_owned()), Err(Error::Undefined(_))));
        for name in ["", "Policies", "1st", "_x", "a-b", "ä"] {
            assert!(matches!(look_up(&variables, name.to_owned()), Err(Error::InvalidName(_))));
        }
    }
}
