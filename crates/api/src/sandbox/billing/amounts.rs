//! Amounts and their currencies: which there are, the least that is charged, how invoice lines write them.

use crate::sandbox::error::ApiError;

/// Currencies that customers can be charged in.
pub(crate) const CURRENCIES: &str = "usd aed afn all amd ang ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf \
     chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg \
     huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk \
     mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rwf \
     sar sbd scr sek sgd shp sos srd szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd \
     xof xpf yer zar zmw";

/// The least that Stripe charges in some currencies, in minor units: <https://docs.stripe.com/currencies>.
const LEAST: &[(&str, i64)] = &[
    ("aed", 200),
    ("aud", 50),
    ("brl", 50),
    ("cad", 50),
    ("chf", 50),
    ("czk", 1_500),
    ("dkk", 250),
    ("eur", 50),
    ("gbp", 30),
    ("hkd", 400),
    ("huf", 17_500),
    ("inr", 50),
    ("jpy", 50),
    ("mxn", 1_000),
    ("myr", 200),
    ("nok", 300),
    ("nzd", 50),
    ("pln", 200),
    ("ron", 200),
    ("sek", 300),
    ("sgd", 50),
    ("thb", 1_000),
    ("usd", 50),
];

/// Refuses to charge less than the currency's least.
pub(crate) fn check_least(amount: i64, currency: &str) -> Result<(), ApiError> {
    match LEAST.iter().find(|(known, least)| *known == currency && amount < *least) {
        Some((_, least)) => {
            let message =
                format!("Amount must be at least {} {currency}", written(*least, currency));
            Err(ApiError::invalid_param("amount", message).code("amount_too_small"))
        }
        None => Ok(()),
    }
}

/// `$9.00`, `¥900`, `12.500 KWD`: minor units in their currency (ISO code, lower case).
pub(crate) fn written(amount: i64, currency: &str) -> String {
    let decimals = decimals(currency);
    let digits = format!("{:0>width$}", amount.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let point = if decimals == 0 { "" } else { "." };
    let sign = if amount < 0 { "-" } else { "" };
    match symbol(currency) {
        Some(symbol) => format!("{sign}{symbol}{whole}{point}{fraction}"),
        None => format!("{sign}{whole}{point}{fraction} {}", currency.to_ascii_uppercase()),
    }
}

/// As [`written`], of a decimal of minor units: `$0.125` for `12.5`.
pub(crate) fn written_decimal(amount: &str, currency: &str) -> String {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let decimals = decimals(currency);
    let digits = format!("{whole:0>width$}", width = decimals + 1);
    let (whole, minor) = digits.split_at(digits.len() - decimals);
    let point = if minor.is_empty() && fraction.is_empty() { "" } else { "." };
    match symbol(currency) {
        Some(symbol) => format!("{symbol}{whole}{point}{minor}{fraction}"),
        None => format!("{whole}{point}{minor}{fraction} {}", currency.to_ascii_uppercase()),
    }
}

/// Stripe's decimals, which are not always ISO's.
fn decimals(currency: &str) -> usize {
    match currency {
        "bif" | "clp" | "djf" | "gnf" | "jpy" | "kmf" | "krw" | "mga" | "pyg" | "rwf" | "vnd"
        | "vuv" | "xaf" | "xof" | "xpf" => 0,
        "bhd" | "jod" | "kwd" | "omr" | "tnd" => 3,
        _ => 2,
    }
}

fn symbol(currency: &str) -> Option<&'static str> {
    Some(match currency {
        "usd" => "$",
        "eur" => "€",
        "gbp" => "£",
        "jpy" => "¥",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_their_currencys_decimals() {
        assert_eq!(written(900, "usd"), "$9.00");
        assert_eq!(written(-5, "eur"), "-€0.05");
        assert_eq!(written(900, "jpy"), "¥900");
        assert_eq!(written(12_500, "kwd"), "12.500 KWD");
        assert_eq!(written(100, "isk"), "1.00 ISK");
        assert_eq!(written_decimal("900", "usd"), "$9.00");
        assert_eq!(written_decimal("0.05", "usd"), "$0.0005");
        assert_eq!(written_decimal("12.5", "jpy"), "¥12.5");
    }
}
