//! Names on the command line: of policies, tenants and API keys.

use tollgate_core::Name;

/// `text`, if it is a name.
pub(crate) fn name(text: &str) -> Result<String, String> {
    match Name::new(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(format!("a name has {}", Name::RULE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_stand_elsewhere_in_a_store_is_no_name() {
        assert_eq!(name("a.b-c_9").as_deref(), Ok("a.b-c_9"));
        for wrong in ["", "a/b", "a:b", "..", "a b", &"x".repeat(65)] {
            assert!(name(wrong).is_err(), "{wrong:?}");
        }
    }
}
