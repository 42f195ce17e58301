//! Hours of the week as they are written in a policy text: `days = "mon-fri", from = "09:00", to = "17:00"`.

use tollgate_core::{Hours, Schedule, ScheduleError};

use crate::fields::{Fields, hours_and_minutes};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const EVERY_DAY: u8 = 0b111_1111;
const DAY_MINUTES: u16 = 24 * 60;

/// The hours that these fields describe; `None` if they describe none.
pub(crate) fn schedule(fields: &Fields<'_>) -> Result<Option<Schedule>, String> {
    let days = fields.text("days")?.map(days).transpose()?;
    let from_min = minutes(fields, "from")?;
    let to_min = minutes(fields, "to")?;
    let utc_offset_secs = fields.utc_offset_secs("utc_offset")?;
    if days.is_none() && from_min.is_none() && to_min.is_none() {
        return match fields.get("utc_offset")? {
            Some(_) => Err(String::from(".utc_offset: belongs to days, from or to")),
            None => Ok(None),
        };
    }
    let hours = Hours {
        days: days.unwrap_or(EVERY_DAY),
        from_min: from_min.unwrap_or(0),
        to_min: to_min.unwrap_or(DAY_MINUTES),
        choice: 0,
    };
    Schedule::new([hours], utc_offset_secs).map(Some).map_err(|error| match error {
        ScheduleError::UtcOffset(_) => format!(".{error}"),
        // There are days, and the minutes were checked. What is left: `24:00` ends a day and can't begin one.
        _ if hours.from_min == DAY_MINUTES => String::from(".from: must be 00:00 to 23:59"),
        _ => String::from(".to: must be 00:01 to 24:00"),
    })
}

/// Days and ranges of days, with a bit for each.
fn days(text: &str) -> Result<u8, String> {
    let stretches = text.split(',').map(|stretch| {
        let (first, last) = stretch.split_once('-').unwrap_or((stretch, stretch));
        let (first, last) = (day(first)?, day(last)?);
        // A range such as Friday to Monday wraps around the end of the week.
        let count = (last + DAYS.len() - first) % DAYS.len();
        Some((0..=count).fold(0, |days, next| days | 1 << ((first + next) % DAYS.len())))
    });
    let days = stretches.collect::<Option<Vec<u8>>>().map(|days| days.iter().fold(0, |a, b| a | b));
    days.ok_or_else(|| {
        let names = DAYS.join(", ");
        format!(".days: \"{text}\" names no days; write mon-fri or sat,sun, of {names}")
    })
}

fn day(name: &str) -> Option<usize> {
    DAYS.iter().position(|day| *day == name.trim())
}

/// Minutes since midnight, of `09:30`.
fn minutes(fields: &Fields<'_>, field: &str) -> Result<Option<u16>, String> {
    let Some(text) = fields.text(field)? else { return Ok(None) };
    let minutes = hours_and_minutes(text).map(|(hours, minutes)| hours * 60 + minutes);
    match minutes.filter(|minutes| *minutes <= DAY_MINUTES) {
        Some(minutes) => Ok(Some(minutes)),
        None => Err(format!(".{field}: \"{text}\" is no time of a day; write 09:30")),
    }
}
