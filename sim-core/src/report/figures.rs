//! Numbers for people: three significant digits, units, thousands apart.

use crate::engine::time::{Nanos, SECOND};

/// `12,345`.
#[must_use]
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Three significant digits without an exponent: `0.0123`, `1.23`, `61.4`, `12,346`.
#[must_use]
pub fn significant(number: f64) -> String {
    let size = number.abs();
    let sign = if number < 0.0 { "-" } else { "" };
    if !size.is_finite() {
        return "-".to_owned();
    }
    if size >= 99.95 {
        return format!("{sign}{}", count((size + 0.5) as u64));
    }
    let decimals = match size {
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ if size >= 0.099_95 => 3,
        _ if size >= 0.009_995 => 4,
        _ if size >= 0.000_5 => 5,
        _ if size == 0.0 => return "0".to_owned(),
        _ => return format!("{sign}<0.001"),
    };
    format!("{sign}{size:.decimals$}")
}

/// A share of 1 as `2.56 %`; just below 100 % it shows that something is missing.
#[must_use]
pub fn percent(share: f64) -> String {
    if (0.9995..1.0).contains(&share) {
        // never rounded up to 100: a lost request is a lost request
        let hundredths = (share * 10_000.0).floor().min(9_999.0);
        return format!("{:.2} %", hundredths / 100.0);
    }
    format!("{} %", significant(share * 100.0))
}

/// A latency in the unit that suits it: `0.431 ms`, `431 ms`, `1.24 s`, `12m 3s`.
#[must_use]
pub fn duration_ms(ms: f64) -> String {
    match ms {
        _ if ms < 999.5 => format!("{} ms", significant(ms)),
        _ if ms < 600_000.0 => format!("{} s", significant(ms / 1e3)),
        _ => clock((ms * 1e6) as Nanos),
    }
}

/// Simulated seconds as [`clock`] says them.
#[must_use]
pub fn at(seconds: f64) -> String {
    clock((seconds * SECOND as f64 + 0.5) as Nanos)
}

/// A point or a span of simulated time: `350ms`, `3.2s`, `31m 20s`, `1h 4m`.
#[must_use]
pub fn clock(at: Nanos) -> String {
    if at < SECOND {
        let ms = significant(at as f64 / 1e6);
        return if at == 0 { "0s".to_owned() } else { format!("{ms}ms") };
    }
    if at < 10 * SECOND && !at.is_multiple_of(SECOND) {
        return format!("{:.1}s", at as f64 / 1e9);
    }
    let all = (at + SECOND / 2) / SECOND;
    let parts =
        [(all / 86_400, "d"), (all / 3_600 % 24, "h"), (all / 60 % 60, "m"), (all % 60, "s")];
    let parts = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}"));
    parts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_and_no_exponent() {
        let numbers = [0.0, 0.000_01, 0.012_345, 0.9996, 1.2345, 9.999, 99.96, 1_234.5, 2e9, -3.0];
        let said: Vec<String> = numbers.into_iter().map(significant).collect();
        let wanted = [
            "0",
            "<0.001",
            "0.0123",
            "1.00",
            "1.23",
            "10.0",
            "100",
            "1,235",
            "2,000,000,000",
            "-3.00",
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn almost_all_is_not_all() {
        assert_eq!(percent(0.999_999), "99.99 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.025_61), "2.56 %");
    }

    #[test]
    fn times_of_a_run() {
        let said =
            [0, 350_000_000, 3_200_000_000, 12_000_000_000, 1_880_000_000_000, 7_200 * SECOND];
        let wanted = ["0s", "350ms", "3.2s", "12s", "31m 20s", "2h"];
        assert_eq!(said.map(clock), wanted);
        assert_eq!(duration_ms(1_240.4), "1.24 s");
        assert_eq!(duration_ms(0.4312), "0.431 ms");
    }
}
