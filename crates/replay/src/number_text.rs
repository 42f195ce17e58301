//! Numbers as people read them.

use indicatif::HumanCount;

/// A number with thousands separators.
pub(crate) fn count(number: u64) -> String {
    HumanCount(number).to_string()
}

/// `part` of `whole` in percent, rounded to one digit.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    let (part, whole) = (u128::from(part), u128::from(whole.max(1)));
    let tenths = (part * 2000 + whole) / (whole * 2);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_percents_rounded() {
        assert_eq!(count(1_234_567), "1,234,567");
        let rows =
            [(0, 0, "0.0 %"), (2_148, 10_000, "21.5 %"), (1, 3, "33.3 %"), (3, 3, "100.0 %")];
        for (part, whole, text) in rows {
            assert_eq!(percent(part, whole), text);
        }
        assert_eq!(percent(u64::MAX, u64::MAX), "100.0 %");
    }
}
