//! The card form: fields, validation in Stripe's words, and the list of test cards.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};
use serde::Deserialize;

use super::form::{Errors, Field};
use crate::sandbox::checkout::{CardInput, Refusal};

/// The fields as they were typed.
#[derive(Debug, Default, Deserialize)]
pub(super) struct CardForm {
    #[serde(default, rename = "card-number")]
    number: String,
    #[serde(default, rename = "card-expiry")]
    expiry: String,
    #[serde(default, rename = "card-cvc")]
    cvc: String,
    #[serde(default, rename = "billing-name")]
    name: String,
}

impl CardForm {
    /// The name on the card as typed: the only field that is shown again after an error.
    pub(super) fn name(&self) -> &str {
        self.name.trim()
    }

    /// The card if it is well formed, or what is wrong field by field, added to `errors`. Whether it
    /// pays is not decided here. `now` is Unix seconds of the sandbox's clock, by which a card expires.
    pub(super) fn parse(&self, now: i64, errors: &mut Errors) -> Option<CardInput> {
        let number = number(&self.number).map_err(|message| errors.add("card-number", message));
        let expiry =
            expiry(&self.expiry, now).map_err(|message| errors.add("card-expiry", message));
        let cvc = cvc(&self.cvc, &self.number).map_err(|message| errors.add("card-cvc", message));
        if self.name().is_empty() {
            errors.add("billing-name", "Enter the name on the card.");
        }
        let (number, (exp_month, exp_year), cvc) = (number.ok()?, expiry.ok()?, cvc.ok()?);
        let name = Some(self.name().to_owned()).filter(|name| !name.is_empty())?;
        Some(CardInput { number, exp_month, exp_year, cvc, name, email: None })
    }
}

/// The field that a refusal belongs to: the number, when it is the card as a whole.
pub(super) fn field_at_fault(refusal: &Refusal) -> &'static str {
    match (refusal.param.as_deref(), refusal.code.as_str()) {
        (Some("exp_month" | "exp_year"), _) | (None, "expired_card") => "card-expiry",
        (Some("cvc"), _) | (None, "incorrect_cvc") => "card-cvc",
        (Some("name"), _) => "billing-name",
        (Some("email"), _) => "email",
        (Some("tax_country"), _) => "tax-country",
        (Some("tax_id"), _) => "tax-id",
        _ => "card-number",
    }
}

/// The four fields. Number, expiry and CVC are always typed anew.
pub(super) fn fields(name: &str, errors: &Errors) -> Markup {
    let digits = Field { numeric: true, ..Field::default() };
    html! {
        (Field { id: "card-number", label: "Card number", autocomplete: "cc-number",
                 placeholder: "1234 1234 1234 1234", ..digits }.render(errors))
        div.split {
            (Field { id: "card-expiry", label: "Expiry", autocomplete: "cc-exp", placeholder: "MM / YY", ..digits }
                .render(errors))
            (Field { id: "card-cvc", label: "CVC", autocomplete: "cc-csc", placeholder: "CVC", ..digits }
                .render(errors))
        }
        (Field { id: "billing-name", label: "Name on card", autocomplete: "cc-name", value: name,
                 ..Field::default() }.render(errors))
    }
}

/// Cards worth trying, with what they do.
const TEST_CARDS: [(&str, &str); 10] = [
    ("4242424242424242", "pays"),
    ("5555555555554444", "pays, Mastercard"),
    ("4000002500003155", "asks for 3-D Secure once"),
    ("4000002760003184", "asks for 3-D Secure each time"),
    ("4000000000000002", "is declined"),
    ("4000000000009995", "is declined: insufficient funds"),
    ("4000000000000069", "is declined: expired"),
    ("4000000000000127", "is declined: wrong CVC"),
    ("4000000000000119", "is declined: processing error"),
    ("4000000000000341", "can be saved, is declined later"),
];

/// The collapsed list of test cards; one click fills the form where there is a script.
pub(super) fn test_cards() -> Markup {
    html! {
        details.tests {
            summary { "Test cards" }
            ul {
                @for (number, outcome) in TEST_CARDS {
                    li {
                        button.fill type="button" disabled data-fill=(number) { (grouped(number)) }
                        span.soft { (outcome) }
                    }
                }
            }
            p.soft { "With any expiry in the future and any CVC." }
        }
    }
}

fn grouped(number: &str) -> String {
    let mut text = String::with_capacity(number.len() + 3);
    for (place, digit) in number.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

fn digits(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')).collect()
}

fn number(text: &str) -> Result<String, &'static str> {
    let number = digits(text);
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("Your card number is invalid.");
    }
    let expected = if is_amex(&number) { 15 } else { 16 };
    match number.len() {
        13..=19 if passes_luhn(&number) => Ok(number),
        length if length < expected => Err("Your card number is incomplete."),
        _ => Err("Your card number is invalid."),
    }
}

/// Month and four-digit year from `12 / 34`, `1234`, `12/2034` or `12-34`.
fn expiry(text: &str, now: i64) -> Result<(i64, i64), &'static str> {
    const INCOMPLETE: &str = "Your card's expiration date is incomplete.";
    const INVALID: &str = "Your card's expiration date is invalid.";
    let typed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (month, year) = match typed.split_once(['/', '-', '.']) {
        Some(parts) => parts,
        None => typed.split_at_checked(2).ok_or(INCOMPLETE)?,
    };
    if month.is_empty() || !matches!(year.len(), 2 | 4) {
        return Err(INCOMPLETE);
    }
    let month: i64 = month.parse().map_err(|_| INVALID)?;
    let year: i64 = year.parse::<u16>().map(i64::from).map_err(|_| INVALID)?;
    let year = if year < 100 { year + 2000 } else { year };
    if !(1..=12).contains(&month) {
        return Err(INVALID);
    }
    let today = Timestamp::from_second(now).unwrap_or_default().to_zoned(TimeZone::UTC).date();
    let (this_year, this_month) = (i64::from(today.year()), i64::from(today.month()));
    if year < this_year {
        return Err("Your card's expiration year is in the past.");
    }
    if (year, month) < (this_year, this_month) {
        return Err("Your card's expiration date is in the past.");
    }
    if year > this_year + 50 {
        return Err("Your card's expiration year is invalid.");
    }
    Ok((month, year))
}

fn cvc(text: &str, number: &str) -> Result<String, &'static str> {
    let cvc = text.trim();
    let expected = if is_amex(&digits(number)) { 3..=4 } else { 3..=3 };
    if !cvc.bytes().all(|byte| byte.is_ascii_digit()) || cvc.len() > *expected.end() {
        return Err("Your card's security code is invalid.");
    }
    if expected.contains(&cvc.len()) {
        Ok(cvc.to_owned())
    } else {
        Err("Your card's security code is incomplete.")
    }
}

fn is_amex(number: &str) -> bool {
    number.starts_with("34") || number.starts_with("37")
}

/// The check digit of ISO/IEC 7812-1, annex B.
fn passes_luhn(number: &str) -> bool {
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0') << (place % 2);
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 22 November 2026.
    const NOW: i64 = 1_795_305_600;

    fn form(number: &str, expiry: &str, cvc: &str, name: &str) -> CardForm {
        CardForm {
            number: number.into(),
            expiry: expiry.into(),
            cvc: cvc.into(),
            name: name.into(),
        }
    }

    #[test]
    fn a_well_formed_card_is_taken_however_it_is_typed() {
        for (number, expiry, cvc) in [
            ("4242 4242 4242 4242", "12 / 34", "123"),
            ("4242424242424242", "1234", "123"),
            ("4242-4242-4242-4242", "12/2034", " 123 "),
        ] {
            let mut errors = Errors::default();
            let card = form(number, expiry, cvc, " Ada ").parse(NOW, &mut errors);
            let expected = CardInput {
                number: "4242424242424242".into(),
                exp_month: 12,
                exp_year: 2034,
                cvc: "123".into(),
                name: "Ada".into(),
                email: None,
            };
            assert_eq!(card, Some(expected), "{number} {expiry}: {errors:?}");
        }
    }

    #[test]
    fn every_mistake_is_told_at_its_field() {
        for (number, expiry, cvc, name, field, message) in [
            ("", "12/34", "123", "A", "card-number", "Your card number is incomplete."),
            ("4242 4242", "12/34", "123", "A", "card-number", "Your card number is incomplete."),
            (
                "4242424242424241",
                "12/34",
                "123",
                "A",
                "card-number",
                "Your card number is invalid.",
            ),
            ("4242x", "12/34", "123", "A", "card-number", "Your card number is invalid."),
            (
                "4242424242424242",
                "",
                "123",
                "A",
                "card-expiry",
                "Your card's expiration date is incomplete.",
            ),
            (
                "4242424242424242",
                "1",
                "123",
                "A",
                "card-expiry",
                "Your card's expiration date is incomplete.",
            ),
            (
                "4242424242424242",
                "13/34",
                "123",
                "A",
                "card-expiry",
                "Your card's expiration date is invalid.",
            ),
            (
                "4242424242424242",
                "10/26",
                "123",
                "A",
                "card-expiry",
                "Your card's expiration date is in the past.",
            ),
            (
                "4242424242424242",
                "12/25",
                "123",
                "A",
                "card-expiry",
                "Your card's expiration year is in the past.",
            ),
            (
                "4242424242424242",
                "éé/99",
                "123",
                "A",
                "card-expiry",
                "Your card's expiration date is invalid.",
            ),
            (
                "4242424242424242",
                "12/34",
                "",
                "A",
                "card-cvc",
                "Your card's security code is incomplete.",
            ),
            (
                "4242424242424242",
                "12/34",
                "1234",
                "A",
                "card-cvc",
                "Your card's security code is invalid.",
            ),
            (
                "4242424242424242",
                "12/34",
                "123",
                " ",
                "billing-name",
                "Enter the name on the card.",
            ),
        ] {
            let mut errors = Errors::default();
            assert_eq!(form(number, expiry, cvc, name).parse(NOW, &mut errors), None);
            assert_eq!(errors.of(field), Some(message));
        }
    }

    #[test]
    fn american_express_has_fifteen_digits_and_a_longer_cvc() {
        let mut errors = Errors::default();
        assert!(
            form("3782 822463 10005", "11/26", "1234", "A").parse(NOW, &mut errors).is_some(),
            "{errors:?}"
        );
    }

    #[test]
    fn the_offered_test_cards_are_well_formed() {
        for (number, _) in TEST_CARDS {
            assert!(passes_luhn(number), "{number}");
        }
    }
}
