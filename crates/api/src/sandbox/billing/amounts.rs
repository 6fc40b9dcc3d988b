//! How amounts are written in invoice lines.

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
