//! How amounts, intervals and dates read on the pages.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use shared::money::Money;

/// `$10.00`, `€1,234.50`, `¥900`, `CHF 5.00`, `-$3.00`: exact, with Stripe's number of decimals.
pub(super) fn amount(minor_units: i64, currency: &str) -> String {
    let decimal = Money::new(minor_units, currency).decimal();
    let (sign, digits) = match decimal.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", decimal.as_str()),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let mut text = format!("{sign}{}", symbol(currency));
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// What one costs, as a decimal of minor units: `$0.005`; an amount, where one more does not cost the same: `from $7.00`.
pub(super) fn unit(decimal: Option<&str>, one: i64, currency: &str) -> String {
    let Some(decimal) = decimal else { return format!("from {}", amount(one, currency)) };
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let mut text = amount(whole.parse().unwrap_or(0), currency);
    if !(fraction.is_empty() || text.contains('.')) {
        text.push('.');
    }
    text.push_str(fraction);
    text
}

/// The sign before an amount; a currency without one of its own is written as its code.
fn symbol(currency: &str) -> String {
    let known = match currency.to_ascii_lowercase().as_str() {
        "usd" => "$",
        "eur" => "€",
        "gbp" => "£",
        "jpy" => "¥",
        "inr" => "₹",
        "krw" => "₩",
        "vnd" => "₫",
        "ils" => "₪",
        "php" => "₱",
        "aud" => "A$",
        "brl" => "R$",
        "cad" => "CA$",
        "cny" => "CN¥",
        "hkd" => "HK$",
        "mxn" => "MX$",
        "nzd" => "NZ$",
        "twd" => "NT$",
        _ => return format!("{}\u{a0}", currency.to_ascii_uppercase()),
    };
    known.to_owned()
}

/// `per month`, `every 3 months`.
pub(super) fn interval(unit: &str, count: i64) -> String {
    if count == 1 { format!("per {unit}") } else { format!("every {count} {unit}s") }
}

/// `month`, `3 months`: what follows "every" or stands in a choice of intervals.
pub(super) fn interval_name(unit: &str, count: i64) -> String {
    match (unit, count) {
        ("day", 1) => "Daily".to_owned(),
        ("week", 1) => "Weekly".to_owned(),
        ("month", 1) => "Monthly".to_owned(),
        ("year", 1) => "Yearly".to_owned(),
        _ => format!("Every {count} {unit}s"),
    }
}

/// `18 December 2026`, in UTC. The empty string for seconds outside the calendar.
pub(super) fn date(unix_seconds: i64) -> String {
    Timestamp::from_second(unix_seconds)
        .map(|at| at.to_zoned(TimeZone::UTC).strftime("%-d %B %Y").to_string())
        .unwrap_or_default()
}

/// `2026-12-18`, for the `datetime` attribute.
pub(super) fn iso_date(unix_seconds: i64) -> String {
    Timestamp::from_second(unix_seconds)
        .map(|at| at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string())
        .unwrap_or_default()
}

/// `1 day`, `14 days`.
pub(super) fn counted(count: i64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// `Visa`, `American Express`: Stripe's brand codes as people know them.
pub(super) fn card_brand(brand: &str) -> &str {
    match brand {
        "visa" => "Visa",
        "mastercard" => "Mastercard",
        "amex" => "American Express",
        "discover" => "Discover",
        "diners" => "Diners Club",
        "jcb" => "JCB",
        "unionpay" => "UnionPay",
        _ => "Card",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        for (minor, currency, text) in [
            (1000, "usd", "$10.00"),
            (900, "eur", "€9.00"),
            (900, "JPY", "¥900"),
            (-300, "usd", "-$3.00"),
            (0, "usd", "$0.00"),
            (123_456_789, "usd", "$1,234,567.89"),
            (100_000, "jpy", "¥100,000"),
            (1234, "kwd", "KWD\u{a0}1.234"),
            (5, "chf", "CHF\u{a0}0.05"),
        ] {
            assert_eq!(amount(minor, currency), text, "{minor} {currency}");
        }
    }

    #[test]
    fn what_one_costs_may_be_less_than_a_minor_unit() {
        assert_eq!(unit(Some("1000"), 1000, "usd"), "$10.00");
        assert_eq!(unit(Some("0.5"), 1, "usd"), "$0.005");
        assert_eq!(unit(Some("12.5"), 13, "jpy"), "¥12.5");
        assert_eq!(unit(None, 700, "usd"), "from $7.00");
    }

    #[test]
    fn intervals_and_dates_are_words() {
        assert_eq!(interval("month", 1), "per month");
        assert_eq!(interval("month", 3), "every 3 months");
        assert_eq!(interval_name("year", 1), "Yearly");
        assert_eq!(date(1_797_552_000), "18 December 2026");
        assert_eq!(iso_date(1_797_552_000), "2026-12-18");
        assert_eq!(date(i64::MAX), "");
    }
}
