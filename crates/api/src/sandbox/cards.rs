//! Test cards: what each number does, as Stripe documents them.

mod numbers;

use serde_json::{Value, json};

use self::numbers::{COUNTRY_CARDS, NOT_A_TEST_CARD, TEST_CARDS};
use super::{
    checkout::{CardInput, Refusal},
    error::ApiError,
    object::{Kind, Object, random_word},
};

/// What a card does when it is charged or saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Pays,
    /// Wants 3-D Secure once: a card set up with it pays without it later.
    AuthenticatesOnce,
    /// Wants 3-D Secure for every payment.
    AuthenticatesAlways,
    /// Is declined, when it is saved as well.
    Declines(Decline),
    /// Can be saved, and is declined when charged.
    DeclinesCharges(Decline),
    /// Wants 3-D Secure, and is declined all the same.
    AuthenticatesThenDeclines(Decline),
    /// Pays; then the cardholder disputes the charge.
    IsDisputed(Ground),
    /// Pays; its refunds are pending at first.
    RefundsLater,
    /// Pays; its refunds seem to succeed, and fail later.
    FailsRefunds,
}

/// Why a cardholder disputes a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ground {
    /// `reason` of the dispute.
    pub(crate) reason: &'static str,
    pub(crate) network_reason_code: &'static str,
    /// Whether the bank only asks, and takes no money yet.
    pub(crate) is_inquiry: bool,
}

/// A decline's `code` and `decline_code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decline {
    pub(crate) code: &'static str,
    pub(crate) decline_code: Option<&'static str>,
}

/// No passed challenge, and nobody there to be asked.
pub(crate) const AUTHENTICATION_REQUIRED: Decline =
    Decline { code: "authentication_required", decline_code: Some("authentication_required") };

/// A challenge that was not passed.
pub(crate) const AUTHENTICATION_FAILED: Decline =
    Decline { code: "payment_intent_authentication_failure", decline_code: None };

impl Decline {
    /// For the customer.
    pub(crate) fn message(self) -> &'static str {
        match (self.code, self.decline_code) {
            ("expired_card", _) => "Your card has expired.",
            ("payment_intent_authentication_failure", _) => {
                "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new \
                 PaymentMethod to attempt to fulfill this PaymentIntent again."
            }
            ("account_closed", _) => "The customer's bank account has been closed.",
            ("insufficient_funds", None) => {
                "The customer's account has insufficient funds to cover this payment."
            }
            ("incorrect_cvc", _) => "Your card's security code is incorrect.",
            ("processing_error", _) => {
                "An error occurred while processing your card. Try again in a little bit."
            }
            ("authentication_required", _) => {
                "Your card was declined. This transaction requires authentication."
            }
            (_, Some("insufficient_funds")) => "Your card has insufficient funds.",
            (_, Some("test_mode_live_card")) => {
                "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid \
                 test cards, visit: https://stripe.com/docs/testing."
            }
            _ => "Your card was declined.",
        }
    }

    /// As the API answers it.
    pub(crate) fn error(self) -> ApiError {
        let advice = match self.code {
            "incorrect_cvc" | "expired_card" => "confirm_card_data",
            _ => "try_again_later",
        };
        ApiError::card(self.code, self.decline_code, self.message())
            .detail("advice_code", json!(advice))
            .detail("network_decline_code", json!("01"))
            .param("")
    }

    /// As a page shows it.
    pub(crate) fn refusal(self) -> Refusal {
        let param = match self.code {
            "incorrect_cvc" => Some("cvc"),
            "expired_card" => Some("exp_month"),
            _ => None,
        };
        Refusal {
            message: self.message().to_owned(),
            code: self.code.to_owned(),
            decline_code: self.decline_code.map(str::to_owned),
            param: param.map(str::to_owned),
        }
    }
}

/// What the card with this number does.
pub(crate) fn behaviour(number: &str) -> Behaviour {
    if COUNTRY_CARDS.iter().any(|(known, _)| *known == number) {
        return Behaviour::Pays;
    }
    let known = TEST_CARDS.iter().find(|(known, _, _)| *known == number);
    known.map_or(Behaviour::Declines(NOT_A_TEST_CARD), |(_, _, behaviour)| *behaviour)
}

/// The number behind `tok_visa` or `pm_card_visa`.
pub(crate) fn number_of_word(word: &str) -> Option<&'static str> {
    let word = word.strip_prefix("visa_").filter(|rest| rest.starts_with("charge")).unwrap_or(word);
    let known = TEST_CARDS.iter().map(|(number, known, _)| (*number, *known));
    let mut known = known.chain(COUNTRY_CARDS.iter().copied());
    known.find(|(_, known)| *known == word).map(|(number, _)| number)
}

/// The country a card was issued in.
fn country(number: &str) -> String {
    let known = COUNTRY_CARDS.iter().find(|(known, _)| *known == number);
    known.map_or("us", |(_, country)| &country[..2]).to_ascii_uppercase()
}

/// A card whose form has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Card {
    /// Digits only.
    pub(crate) number: String,
    pub(crate) exp_month: i64,
    /// Four digits.
    pub(crate) exp_year: i64,
}

impl Card {
    /// Checks a card's form; whether it pays is its [`behaviour`]. `now` is in Unix seconds.
    pub(crate) fn parse(input: &CardInput, now: i64) -> Result<Card, Refusal> {
        let number: String =
            input.number.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        if !(12..=19).contains(&number.len()) || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused(
                "invalid_number",
                "number",
                "The card number is not a valid credit card number.",
            ));
        }
        if !passes_luhn(&number) {
            return Err(refused("incorrect_number", "number", "Your card number is incorrect."));
        }
        if !(1..=12).contains(&input.exp_month) {
            return Err(refused(
                "invalid_expiry_month",
                "exp_month",
                "Your card's expiration month is invalid.",
            ));
        }
        let exp_year =
            if (0..100).contains(&input.exp_year) { input.exp_year + 2000 } else { input.exp_year };
        let (year, month) = year_and_month(now);
        if exp_year < year || exp_year > year + 50 {
            return Err(refused(
                "invalid_expiry_year",
                "exp_year",
                "Your card's expiration year is invalid.",
            ));
        }
        if exp_year == year && input.exp_month < month {
            return Err(refused(
                "invalid_expiry_month",
                "exp_month",
                "Your card's expiration month is invalid.",
            ));
        }
        let cvc = input.cvc.trim();
        let cvc_length = if brand(&number) == "amex" { 3..=4 } else { 3..=3 };
        if !cvc_length.contains(&cvc.len()) || !cvc.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused("invalid_cvc", "cvc", "Your card's security code is invalid."));
        }
        Ok(Card { number, exp_month: input.exp_month, exp_year })
    }

    /// The test card behind `tok_…` or `pm_card_…`; it expires next year.
    pub(crate) fn of_word(word: &str, now: i64) -> Option<Card> {
        let number = number_of_word(word)?.to_owned();
        let (year, month) = year_and_month(now);
        Some(Card { number, exp_month: month, exp_year: year + 1 })
    }

    /// A payment method of this card, attached to nobody.
    pub(crate) fn payment_method(&self, now: i64, billing_details: Value) -> Object {
        let brand = brand(&self.number);
        let last4 = &self.number[self.number.len() - 4..];
        let funding = match self.number.as_str() {
            "4000056655665556" | "5200828282828210" | "6011981111111113" | "6200000000000047"
            | "4000058260000005" => "debit",
            "5105105105105100" => "prepaid",
            _ => "credit",
        };
        let card = json!({
            "brand": brand,
            "checks": { "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass" },
            "country": country(&self.number),
            "display_brand": brand,
            "exp_month": self.exp_month,
            "exp_year": self.exp_year,
            "fingerprint": fingerprint(&self.number),
            "funding": funding,
            "generated_from": null,
            "last4": last4,
            "networks": { "available": [brand], "preferred": null },
            "regulated_status": "unregulated",
            "three_d_secure_usage": { "supported": true },
            "wallet": null,
        });
        payment_method("card", card, now, billing_details)
            .with_private(json!({ "number": self.number, "is_set_up": false }))
    }
}

/// A payment method of a type, attached to nobody; `details` is what it says in the member named like the type.
pub(crate) fn payment_method(
    kind: &str,
    details: Value,
    now: i64,
    billing_details: Value,
) -> Object {
    let mut body = json!({
        "allow_redisplay": "unspecified",
        "billing_details": billing_details,
        "customer": null,
        "customer_account": null,
        "metadata": {},
        "type": kind,
    });
    body[kind] = details;
    Object::new(Kind::PaymentMethod, now, body)
}

/// `billing_details` with nothing but what is known.
pub(crate) fn billing_details(name: Option<&str>, email: Option<&str>) -> Value {
    json!({ "address": blank_address(), "email": email, "name": name, "phone": null, "tax_id": null })
}

/// An address of which nothing is known.
pub(crate) fn blank_address() -> Value {
    json!({ "city": null, "country": null, "line1": null, "line2": null, "postal_code": null, "state": null })
}

fn refused(code: &str, param: &str, message: &str) -> Refusal {
    Refusal {
        message: message.to_owned(),
        code: code.to_owned(),
        decline_code: None,
        param: Some(param.to_owned()),
    }
}

impl Refusal {
    /// As the API answers it.
    pub(crate) fn error(self) -> ApiError {
        let mut error = ApiError::card(&self.code, self.decline_code.as_deref(), self.message);
        error.param = self.param;
        error
    }
}

/// The same for the same number, as Stripe's is, without telling the number.
fn fingerprint(number: &str) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(format!("sandbox card {number}")))[..16].to_owned()
}

fn year_and_month(now: i64) -> (i64, i64) {
    let date = jiff::Timestamp::from_second(now)
        .unwrap_or_default()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    (date.year().into(), date.month().into())
}

fn brand(number: &str) -> &'static str {
    match number.as_bytes() {
        [b'4', ..] => "visa",
        [b'5', b'1'..=b'5', ..] | [b'2', ..] => "mastercard",
        [b'3', b'4' | b'7', ..] => "amex",
        [b'3', b'5', ..] => "jcb",
        [b'3', ..] => "diners",
        [b'6', b'2', ..] => "unionpay",
        [b'6', ..] => "discover",
        _ => "unknown",
    }
}

/// How a brand is written on cards shown as sources.
pub(crate) fn brand_name(brand: &str) -> &'static str {
    match brand {
        "visa" => "Visa",
        "mastercard" => "MasterCard",
        "amex" => "American Express",
        "jcb" => "JCB",
        "diners" => "Diners Club",
        "unionpay" => "UnionPay",
        "discover" => "Discover",
        _ => "Unknown",
    }
}

fn passes_luhn(number: &str) -> bool {
    let digits = number.bytes().rev().map(|byte| u32::from(byte - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// A `client_secret` for an intent.
pub(crate) fn client_secret(id: &str) -> String {
    format!("{id}_secret_{}", random_word(25))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-15
    const NOW: i64 = 1_794_700_800;

    fn input(number: &str, exp_month: i64, exp_year: i64, cvc: &str) -> CardInput {
        let text = str::to_owned;
        CardInput {
            number: text(number),
            exp_month,
            exp_year,
            cvc: text(cvc),
            ..CardInput::default()
        }
    }

    #[test]
    fn every_test_card_is_well_formed_and_known_by_its_word() {
        let issued = COUNTRY_CARDS.iter().map(|(number, word)| (*number, *word, Behaviour::Pays));
        for (number, word, known) in TEST_CARDS.iter().copied().chain(issued) {
            let cvc = if number.starts_with("37") { "1234" } else { "123" };
            let card = Card::parse(&input(number, 12, 2030, cvc), NOW);
            let card = card.unwrap_or_else(|refusal| panic!("{number}: {refusal:?}"));
            assert_eq!(behaviour(&card.number), known);
            assert_eq!(number_of_word(word), Some(number));
        }
    }

    #[test]
    fn malformed_cards_name_the_field() {
        for (card, code, param) in [
            (input("4242 4242 4242 4241", 1, 2030, "123"), "incorrect_number", "number"),
            (input("4242", 1, 2030, "123"), "invalid_number", "number"),
            (input("4242 4242 4242 424x", 1, 2030, "123"), "invalid_number", "number"),
            (input("4242424242424242", 13, 2030, "123"), "invalid_expiry_month", "exp_month"),
            (input("4242424242424242", 10, 2026, "123"), "invalid_expiry_month", "exp_month"),
            (input("4242424242424242", 10, 25, "123"), "invalid_expiry_year", "exp_year"),
            (input("4242424242424242", 11, 26, "12"), "invalid_cvc", "cvc"),
        ] {
            let refusal = Card::parse(&card, NOW).unwrap_err();
            assert_eq!((refusal.code.as_str(), refusal.param.as_deref()), (code, Some(param)));
        }
        assert!(Card::parse(&input("4242424242424242", 11, 26, "123"), NOW).is_ok());
    }
}
