//! Money as integers: an amount in minor units and a currency, with Stripe's exponents.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount in the currency's minor unit (cents for `usd`, whole yen for `jpy`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; negative for credits.
    pub amount: i64,
    /// Lower-case ISO 4217 code, as Stripe writes it.
    pub currency: String,
}

impl Money {
    /// Money of `amount` minor units in `currency`, which is lower-cased.
    pub fn new(amount: i64, currency: &str) -> Self {
        Self { amount, currency: currency.to_ascii_lowercase() }
    }

    /// How many digits of the amount stand behind the decimal point.
    pub fn exponent(&self) -> u32 {
        exponent(&self.currency)
    }

    /// The amount as a decimal number in the major unit, exact: `1999 usd` is `19.99`.
    pub fn decimal(&self) -> String {
        let exponent = self.exponent();
        if exponent == 0 {
            return self.amount.to_string();
        }
        let unit = 10_u64.pow(exponent);
        let minor = self.amount.unsigned_abs();
        let sign = if self.amount < 0 { "-" } else { "" };
        format!("{sign}{}.{:0width$}", minor / unit, minor % unit, width = exponent as usize)
    }
}

/// `19.99 USD`: exact, and without a locale. The SPA lets the browser do better.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency.to_ascii_uppercase())
    }
}

/// Digits behind the decimal point in amounts sent to and read from Stripe.
///
/// This is Stripe's table, not ISO's: ISK and UGX are written with two decimals there.
/// Source: <https://docs.stripe.com/currencies#zero-decimal>.
pub fn exponent(currency: &str) -> u32 {
    match currency.to_ascii_lowercase().as_str() {
        "bif" | "clp" | "djf" | "gnf" | "jpy" | "kmf" | "krw" | "mga" | "pyg" | "rwf" | "vnd"
        | "vuv" | "xaf" | "xof" | "xpf" => 0,
        "bhd" | "jod" | "kwd" | "omr" | "tnd" => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_follow_stripes_table() {
        for (amount, currency, text) in [
            (999, "usd", "9.99"),
            (-5, "eur", "-0.05"),
            (900, "JPY", "900"),
            (1234, "kwd", "1.234"),
            (500, "isk", "5.00"),
            (500, "ugx", "5.00"),
            (i64::MIN, "usd", "-92233720368547758.08"),
        ] {
            assert_eq!(Money::new(amount, currency).decimal(), text, "{amount} {currency}");
        }
    }
}
