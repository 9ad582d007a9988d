//! A line of an access log: combined or common, with the time at its end if it is there.

use super::{Seen, word};

/// Days from 1970 to a date, after the civil calendar.
pub(super) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// `10/Oct/2026:13:55:36 +0200` in seconds since 1970.
fn time(text: &str) -> Option<f64> {
    let (stamp, zone) = text.split_once(' ')?;
    let mut parts = stamp.split(['/', ':']);
    let mut next = || parts.next();
    let (day, month, year) = (next()?.parse().ok()?, next()?, next()?.parse().ok()?);
    let month = MONTHS.find(month).filter(|at| at % 3 == 0)? as i64 / 3 + 1;
    let mut number = || next().and_then(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (number()?, number()?, number()?);
    let (sign, zone) = (if zone.starts_with('-') { -1 } else { 1 }, zone.get(1..5)?);
    let offset = sign * (zone[..2].parse::<i64>().ok()? * 60 + zone[2..].parse::<i64>().ok()?) * 60;
    Some((days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset) as f64)
}

/// The request of a line; `None` if it is none.
pub(super) fn parse(line: &str) -> Option<Seen> {
    let (_, rest) = line.split_once('[')?;
    let (stamp, rest) = rest.split_once(']')?;
    let at_s = time(stamp)?;
    let (_, rest) = rest.split_once('"')?;
    let (request, rest) = rest.split_once('"')?;
    let mut words = request.split(' ');
    let (method, path) = (words.next()?, words.next()?);
    if method.is_empty() || !method.chars().all(|c| c.is_ascii_uppercase()) {
        return None;
    }
    let status: u16 = rest.split_whitespace().next()?.parse().ok()?;
    Some(Seen {
        at_s,
        endpoint: word(method, path),
        seconds: took(rest),
        failed: status >= 500 || status == 499,
    })
}

/// The last number after the last quoted text, as `0.083`, `rt=0.083` or `"0.083"`: the server's
/// own time where both are logged.
fn took(rest: &str) -> Option<f64> {
    // the status and the size come before any quote
    let (_, after) = rest.trim_start().split_once('"')?;
    let last = after.split_whitespace().last()?.trim_matches('"');
    let number = last.rsplit('=').next()?.trim_matches('"');
    let has_point = number.contains('.');
    number.parse().ok().filter(|seconds| has_point && (0.0..86_400.0).contains(seconds))
}
