//! The words that quantities are made of: numbers and units.

/// What to say where a unit is missing.
pub(super) fn no_unit(text: &str, like: &str) -> String {
    format!("\"{text}\" has no unit: add one, like {like}")
}

/// A plain decimal number, perhaps with an exponent and with `_` between digits; never `inf`.
pub(super) fn real(text: &str) -> Option<f64> {
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '_' | '.' | 'e' | 'E' | '-' | '+');
    let digits: String = text.chars().filter(|&c| c != '_').collect();
    if text.starts_with('_') || !text.chars().all(plain) {
        return None;
    }
    digits.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Cuts `1h30m` into `1`, `h` and `30m`; spaces between them do not matter.
pub(super) fn head(text: &str) -> (&str, &str, &str) {
    let number = |c: char| c.is_ascii_digit() || c == '.' || c == '_';
    let (digits, rest) = text.split_at(text.find(|c| !number(c)).unwrap_or(text.len()));
    let rest = rest.trim_start();
    let (unit, rest) = rest.split_at(rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len()));
    (digits, unit, rest.trim_start())
}

/// A decimal number times a whole unit, rounded to the nearest whole; exact, no floats.
pub(super) fn scaled(number: &str, unit: u64) -> Option<u128> {
    let digits = number.replace('_', "");
    let (whole, part) = digits.split_once('.').unwrap_or((&digits, ""));
    if whole.is_empty() || number.starts_with('_') || number.ends_with('.') || part.len() > 18 {
        return None;
    }
    let whole = whole.parse::<u128>().ok()?.checked_mul(u128::from(unit))?;
    let size = 10u128.pow(part.len() as u32);
    let part = if part.is_empty() { 0 } else { part.parse::<u128>().ok()? };
    whole.checked_add((part * u128::from(unit) + size / 2) / size)
}
