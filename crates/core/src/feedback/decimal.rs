//! Decimal numbers with a fraction, kept exact.

use super::cursor::Cursor;

/// A number without a sign: `12`, `1.5`, `.5` or `5.`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decimal<'a> {
    /// The whole part, or `u64::MAX` if that is smaller.
    pub(super) whole: u64,
    /// The digits behind the point, however many they are.
    fraction: &'a [u8],
}

impl<'a> Decimal<'a> {
    /// The number that `text` is from its first byte to its last.
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(text);
        let number = Self::read(&mut cursor)?;
        cursor.end().map(|()| number)
    }

    /// Reads the number that `cursor` stands at.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        let whole = cursor.all(|byte| byte.is_ascii_digit());
        let fraction = match cursor.literal(".") {
            Some(()) => cursor.all(|byte| byte.is_ascii_digit()),
            None => &[],
        };
        let any = !(whole.is_empty() && fraction.is_empty());
        any.then(|| Self { whole: number(whole), fraction })
    }

    /// This number of units that have `unit` parts each, in parts: rounded up, at most `u64::MAX`.
    pub(super) fn times_ceil(self, unit: u64) -> u64 {
        // From the last digit to the first, each step divides by ten what came behind it. A floor of
        // floors is the floor of the whole, and the whole is exact if every step was.
        let step = |(sum, exact): (u64, bool), digit: &u8| {
            let sum = unit.saturating_mul(value(*digit)).saturating_add(sum);
            (sum / 10, exact && sum.is_multiple_of(10))
        };
        let (floor, exact) = self.fraction.iter().rev().fold((0, true), step);
        let part = floor.saturating_add(u64::from(!exact));
        self.whole.saturating_mul(unit).saturating_add(part)
    }
}

/// The number that these digits are, at most `u64::MAX`.
pub(super) fn number(digits: &[u8]) -> u64 {
    let append = |number: u64, digit: &u8| number.saturating_mul(10).saturating_add(value(*digit));
    digits.iter().fold(0, append)
}

fn value(digit: u8) -> u64 {
    u64::from(digit.saturating_sub(b'0'))
}
