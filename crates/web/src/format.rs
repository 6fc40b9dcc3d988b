//! Money, dates and durations as people read them. The browser's locale decides, so that nothing here
//! needs a table of languages.

use js_sys::{
    Array, Date, Function,
    Intl::{DateTimeFormat, NumberFormat},
    Object, Reflect,
};
use shared::{money::Money, plans::Interval};
use wasm_bindgen::JsValue;

/// A price as it is advertised: `$5`, `$5.50`.
pub(crate) fn price(money: &Money) -> String {
    currency(money, &[("trailingZeroDisplay", "stripIfInteger")])
}

/// An amount as it is charged: `$5.00`.
pub(crate) fn amount(money: &Money) -> String {
    currency(money, &[])
}

fn currency(money: &Money, options: &[(&str, &str)]) -> String {
    let code = money.currency.to_ascii_uppercase();
    let options =
        options_object(&[&[("style", "currency"), ("currency", &code)], options].concat());
    let format = NumberFormat::new(&Array::new(), &options);
    // A decimal string, not a float: browsers format it exactly.
    call(&format.format(), &JsValue::from_str(&money.decimal()))
        .unwrap_or_else(|| money.to_string())
}

/// A day with its year.
pub(crate) fn date(unix_seconds: i64) -> String {
    date_with(unix_seconds, &[("day", "numeric"), ("month", "long"), ("year", "numeric")])
}

/// A day, with its year only when that is another one than now.
pub(crate) fn day(unix_seconds: i64) -> String {
    let year = |milliseconds: f64| Date::new(&JsValue::from_f64(milliseconds)).get_full_year();
    if year(milliseconds(unix_seconds)) == year(Date::now()) {
        date_with(unix_seconds, &[("day", "numeric"), ("month", "long")])
    } else {
        date(unix_seconds)
    }
}

fn date_with(unix_seconds: i64, options: &[(&str, &str)]) -> String {
    let format = DateTimeFormat::new(&Array::new(), &options_object(options));
    call(&format.format(), &JsValue::from_f64(milliseconds(unix_seconds))).unwrap_or_default()
}

/// Unix seconds now, as this device sees it.
#[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are far below 2^53")]
pub(crate) fn now() -> i64 {
    (Date::now() / 1_000.0) as i64
}

/// `a month`, `a year`.
pub(crate) const fn per(interval: Interval) -> &'static str {
    match interval {
        Interval::Month => "a month",
        Interval::Year => "a year",
    }
}

/// `by the month`, `by the year`.
pub(crate) const fn by(interval: Interval) -> &'static str {
    match interval {
        Interval::Month => "by the month",
        Interval::Year => "by the year",
    }
}

/// How long something takes to hear: `42 min`, never less than one.
pub(crate) fn minutes(seconds: i64) -> String {
    format!("{} min", ((seconds + 30) / 60).max(1))
}

/// A position in time: `42:10`, `1:02:03`.
pub(crate) fn clock(seconds: u32) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A card's brand as it is written on the card.
pub(crate) fn card_brand(brand: &str) -> String {
    match brand {
        "amex" => "American Express".to_owned(),
        "mastercard" => "Mastercard".to_owned(),
        "jcb" => "JCB".to_owned(),
        "unionpay" => "UnionPay".to_owned(),
        other => {
            let mut letters = other.chars();
            letters.next().map_or_else(
                || "Card".to_owned(),
                |first| first.to_uppercase().chain(letters).collect(),
            )
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "dates are far below 2^52 milliseconds")]
fn milliseconds(unix_seconds: i64) -> f64 {
    unix_seconds as f64 * 1_000.0
}

fn options_object(options: &[(&str, &str)]) -> Object {
    let object = Object::new();
    for (name, value) in options {
        // Setting a property of a plain object cannot fail.
        drop(Reflect::set(&object, &JsValue::from_str(name), &JsValue::from_str(value)));
    }
    object
}

fn call(format: &Function, value: &JsValue) -> Option<String> {
    format.call1(&JsValue::UNDEFINED, value).ok()?.as_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded_to_minutes() {
        for (seconds, text) in [(0, "1 min"), (29, "1 min"), (90, "2 min"), (2530, "42 min")] {
            assert_eq!(minutes(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn positions_are_written_like_a_clock() {
        for (seconds, text) in [(0, "0:00"), (9, "0:09"), (2530, "42:10"), (3723, "1:02:03")] {
            assert_eq!(clock(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn brands_are_written_as_on_the_card() {
        for (brand, text) in [("visa", "Visa"), ("amex", "American Express"), ("", "Card")] {
            assert_eq!(card_brand(brand), text);
        }
    }
}
