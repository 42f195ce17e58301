//! The answer of a script that compares before it writes.

use ::redis::{FromRedisValue, ParsingError, Value};

/// How a comparison ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Compared<T> {
    /// Everything was as expected, and was written.
    Written,
    /// The value was another one, and nothing was written.
    There(T),
}

impl<T: FromRedisValue> FromRedisValue for Compared<T> {
    fn from_redis_value(answer: Value) -> Result<Self, ParsingError> {
        match answer {
            Value::Int(1) => Ok(Self::Written),
            there => T::from_redis_value(there).map(Self::There),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use ::redis::from_redis_value;

    use super::*;

    #[test]
    fn a_value_of_the_digit_one_is_told_from_having_written() {
        let told = |answer| from_redis_value::<Compared<Option<Vec<u8>>>>(answer).unwrap();
        assert_eq!(told(Value::Int(1)), Compared::Written);
        assert_eq!(told(Value::BulkString(b"1".to_vec())), Compared::There(Some(b"1".to_vec())));
        assert_eq!(told(Value::BulkString(Vec::new())), Compared::There(Some(Vec::new())));
        assert_eq!(told(Value::Nil), Compared::There(None));
    }

    #[test]
    fn of_several_keys_each_is_told() {
        let answer = Value::Array(vec![Value::Nil, Value::BulkString(b"two".to_vec())]);
        let there = Compared::There(vec![None, Some(b"two".to_vec())]);
        assert_eq!(from_redis_value::<Compared<Vec<Option<Vec<u8>>>>>(answer).unwrap(), there);
    }
}
