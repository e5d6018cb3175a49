//! Numbers: what a spelling means, and how a number is spelled.
//!
//! Both as in JavaScript, where every number is an f64: `0x` takes any count of digits, `1e400` is
//! Infinity, `-0` is not `0`.
//!
//! This module never checks a spelling; the reader did.

use crate::doc::Value;

/// The value of a number as written.
pub(super) fn decode(raw: &str) -> Value {
    let (negative, digits) = match raw.as_bytes().first() {
        Some(b'-') => (true, &raw[1..]),
        Some(b'+') => (false, &raw[1..]),
        _ => (false, raw),
    };
    let sign = |number: f64| if negative { -number } else { number };
    if digits == "Infinity" {
        return Value::Float(sign(f64::INFINITY));
    }
    if digits == "NaN" {
        return Value::Float(f64::NAN);
    }
    if let Some(digits) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return Value::number(sign(of_hex(digits)));
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(number) = raw.parse::<i64>()
        && !(negative && number == 0)
    {
        return Value::Integer(number);
    }
    Value::number(sign(digits.parse().expect("the reader lets only decimal numbers through")))
}

/// The f64 nearest to a hexadecimal number, ties to even.
fn of_hex(digits: &str) -> f64 {
    let mut head: u128 = 0;
    let mut dropped = 0_u32;
    let mut rest = 0;
    for digit in digits.chars().filter_map(|digit| digit.to_digit(16)) {
        if head >> 120 == 0 {
            head = (head << 4) | u128::from(digit);
        } else {
            // Beyond 120 bits a digit can only tip a tie, so one bit stands for all of them.
            rest |= digit;
            dropped = dropped.saturating_add(4);
        }
    }
    if rest != 0 {
        head |= 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "rounds to nearest even, as wanted")]
    let head = head as f64;
    // Two to the power of `dropped`: 2^1023 is the last there is, the exponent behind it is Infinity's.
    head * f64::from_bits(u64::from(1023 + dropped.min(1024)) << 52)
}

/// Spells `number` as JavaScript does: the shortest digits that read back as the same number.
///
/// A whole number between 2^53 and 2^63 gets an exponent, where JavaScript writes digits: a string
/// of digits is read as exact, and these are not.
pub(super) fn spell(number: f64) -> String {
    let magnitude = number.abs();
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if number == 0.0 {
        return if number.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let inexact_digits = (9_007_199_254_740_992.0..9.3e18).contains(&magnitude);
    if (1e-6..1e21).contains(&magnitude) && !inexact_digits {
        return number.to_string();
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_decode(raw: &str, expected: f64) {
        assert_eq!(decode(raw), Value::number(expected), "{raw}");
    }

    #[test]
    fn every_spelling_is_read_as_javascript_reads_it() {
        check_decode("0", 0.0);
        check_decode("-0", -0.0);
        check_decode("-0x0", -0.0);
        check_decode("-0.0", -0.0);
        check_decode("+0", 0.0);
        check_decode("+16", 16.0);
        check_decode(".5", 0.5);
        check_decode("-.5e1", -5.0);
        check_decode("5.", 5.0);
        check_decode("5.e1", 50.0);
        check_decode("1e400", f64::INFINITY);
        check_decode("-1e400", f64::NEG_INFINITY);
        check_decode("1e-400", 0.0);
        check_decode("Infinity", f64::INFINITY);
        check_decode("-Infinity", f64::NEG_INFINITY);
        check_decode("+NaN", f64::NAN);
        check_decode("-NaN", f64::NAN);
        check_decode("0x10", 16.0);
        check_decode("-0XfF", -255.0);
        check_decode("0xFFFFFFFFFFFFFFFF", 18_446_744_073_709_551_616.0);
        check_decode("0x20000000000001", 9_007_199_254_740_992.0);
        check_decode("0x20000000000003", 9_007_199_254_740_996.0);
    }

    #[test]
    fn long_hexadecimal_numbers_round_to_nearest_even() {
        let zeros = |count| "0".repeat(count);
        // 2^53 + 1 scaled is a tie; a last digit far below tips it.
        check_decode(&format!("0x20000000000001{}", zeros(40)), 2_f64.powi(213));
        let tipped = 2_f64.powi(213) + 2_f64.powi(161);
        check_decode(&format!("0x20000000000001{}1", zeros(39)), tipped);
        check_decode(&format!("0x1{}", zeros(300)), f64::INFINITY);
        check_decode(&format!("0x{}1", zeros(300)), 1.0);
    }

    #[test]
    fn digit_strings_keep_their_digits() {
        assert_eq!(decode("9007199254740993"), Value::Integer(9_007_199_254_740_993));
        assert_eq!(decode("-9223372036854775808"), Value::Integer(i64::MIN));
        assert_eq!(decode("9223372036854775808"), Value::Float(9_223_372_036_854_775_808.0));
    }

    #[track_caller]
    fn check_spell(number: f64, expected: &str) {
        assert_eq!(spell(number), expected);
        assert_eq!(decode(expected), Value::number(number), "{expected} reads back");
    }

    #[test]
    fn numbers_are_spelled_as_javascript_does() {
        check_spell(0.1, "0.1");
        check_spell(-1.5, "-1.5");
        check_spell(5.0, "5");
        check_spell(-0.0, "-0");
        check_spell(1e21, "1e+21");
        check_spell(1e20, "100000000000000000000");
        check_spell(1.25e-7, "1.25e-7");
        check_spell(0.000_001, "0.000001");
        check_spell(f64::MAX, "1.7976931348623157e+308");
        check_spell(5e-324, "5e-324");
        check_spell(f64::INFINITY, "Infinity");
        check_spell(f64::NEG_INFINITY, "-Infinity");
        check_spell(f64::NAN, "NaN");
        check_spell(1e17, "1e+17");
        check_spell(9_223_372_036_854_775_808.0, "9.223372036854776e+18");
    }
}
