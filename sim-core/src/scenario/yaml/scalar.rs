//! What a YAML scalar without quotes is: the YAML 1.2 core schema, plus `_` between digits.

use crate::scenario::tree::Value;

/// The value of a plain scalar. `yes`, `on`, `007`, `.inf` and `.nan` stay text: the first two are
/// no YAML 1.2 truth values, the third is ambiguous, and no quantity is infinite or undefined.
pub(super) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).unwrap_or_else(|| Value::Text(text.to_string())),
    }
}

fn number(text: &str) -> Option<Value> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let negative = text.starts_with('-');
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') || unsigned.len() > 64 {
        return None;
    }
    let digits = without_separators(unsigned)?;
    let radix = match digits.get(..2) {
        Some("0x") => 16,
        Some("0o") => 8,
        Some("0b") => 2,
        _ => return decimal(&digits, negative),
    };
    let size = i128::from(u64::from_str_radix(digits[2..].trim_start_matches('+'), radix).ok()?);
    (!digits[2..].starts_with('+')).then(|| whole(if negative { -size } else { size }))
}

fn decimal(digits: &str, negative: bool) -> Option<Value> {
    let all_digits = digits.bytes().all(|b| b.is_ascii_digit());
    if all_digits && digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    if all_digits && let Ok(size) = digits.parse::<i128>() {
        let value = if negative { -size } else { size };
        return Some(whole(value));
    }
    let shaped = digits.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let size: f64 = if shaped { digits.parse().ok()? } else { return None };
    size.is_finite().then_some(Value::Float(if negative { -size } else { size }))
}

/// Whole numbers that no field can hold exactly are floats, so that a range check can say so.
fn whole(value: i128) -> Value {
    let exact = i64::try_from(value).is_ok() || u64::try_from(value).is_ok();
    if exact { Value::Int(value) } else { Value::Float(value as f64) }
}

/// The digits without `_`, which may stand only between two of them.
fn without_separators(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|byte| byte.is_ascii_hexdigit())
    };
    let placed =
        |(at, byte): (usize, u8)| byte != b'_' || (digit(at.checked_sub(1)) && digit(Some(at + 1)));
    let fine = text.bytes().enumerate().all(placed);
    fine.then(|| text.replace('_', ""))
}
