//! Days of the proleptic Gregorian calendar.

/// Days from 1970-01-01 to this date, negative before it.
///
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years that begin in March have
/// their leap day last, and 400 of them always have 146097 days. The date must exist.
pub(crate) const fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let month = month as i64;
    let year = if month <= 2 { year.saturating_sub(1) } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let months_since_march = month.saturating_add(9).rem_euclid(12);
    let day_of_year = months_since_march
        .saturating_mul(153)
        .saturating_add(2)
        .div_euclid(5)
        .saturating_add(day as i64)
        .saturating_sub(1);
    let day_of_era = year_of_era
        .saturating_mul(365)
        .saturating_add(year_of_era.div_euclid(4))
        .saturating_sub(year_of_era.div_euclid(100))
        .saturating_add(day_of_year);
    era.saturating_mul(146_097).saturating_add(day_of_era).saturating_sub(719_468)
}
