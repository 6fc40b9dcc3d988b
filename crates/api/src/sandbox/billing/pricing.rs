//! What a quantity of a price costs: exact decimals, packages, and tiers. No floats.

use serde_json::Value;

use super::{amounts::written_decimal, proration::round_half_away};
use crate::sandbox::{error::ApiError, object::Kind, store::Tx};

/// Decimals that amounts of prices may have, at most.
const DECIMALS: usize = 12;
/// How many of what [`exact`] counts make a minor unit: ten to the power of [`DECIMALS`].
const SCALE: i128 = 1_000_000_000_000;

/// A part of what a quantity of a price costs: all of it, or what one tier adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) quantity: i64,
    /// Minor units of one, as a decimal; none for the flat amount of a tier.
    pub(crate) unit: Option<String>,
    /// Minor units.
    pub(crate) amount: i64,
    /// The tier, counted from one.
    pub(crate) tier: Option<usize>,
}

/// A decimal of at most [`DECIMALS`] decimals, in units of `1 / SCALE`; `None` for any other text.
pub(crate) fn exact(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_decimal = !whole.is_empty()
        && whole.len() <= 18
        && fraction.len() <= DECIMALS
        && is_digits(whole)
        && is_digits(fraction);
    if !is_decimal {
        return None;
    }
    format!("{whole}{fraction:0<DECIMALS$}").parse().ok()
}

/// A decimal as the API shows it: no zeros at its end. Beside it the whole minor units, when it has no fraction.
pub(crate) fn shown(text: &str) -> Option<(Option<i64>, String)> {
    exact(text)?;
    let trimmed = match text.split_once('.') {
        Some((whole, fraction)) => match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            fraction => format!("{whole}.{fraction}"),
        },
        None => text.to_owned(),
    };
    Some((trimmed.parse().ok(), trimmed))
}

/// A quantity of a decimal, rounded to whole minor units; `None` for what is no decimal.
pub(crate) fn times(decimal: &str, quantity: i64) -> Option<i64> {
    let product = exact(decimal)?.saturating_mul(i128::from(quantity));
    // Twice the amount has to fit as well.
    Some(round_half_away(product.min(i128::MAX / 4), SCALE))
}

/// As [`times`], of a decimal that has been checked.
fn amount(decimal: &str, quantity: i64) -> i64 {
    times(decimal, quantity).unwrap_or(0)
}

/// What a quantity of a price costs, in parts. `tiers` are the price's, null when it has none.
pub(crate) fn parts(price: &Value, tiers: &Value, quantity: i64) -> Vec<Part> {
    let quantity = packages(&price["transform_quantity"], quantity);
    match tiers.as_array() {
        None => {
            let unit = price["unit_amount_decimal"].as_str().unwrap_or("0").to_owned();
            let amount = amount(&unit, quantity);
            vec![Part { quantity, unit: Some(unit), amount, tier: None }]
        }
        Some(tiers) if price["tiers_mode"] == "volume" => {
            let reaches =
                |tier: &&Value| tier["up_to"].as_i64().is_none_or(|most| quantity <= most);
            let place = tiers.iter().position(|tier| reaches(&tier)).unwrap_or(0);
            tiers.get(place).map(|tier| of_tier(tier, place, quantity)).unwrap_or_default()
        }
        Some(tiers) => {
            let mut parts = Vec::new();
            let mut below = 0;
            for (place, tier) in tiers.iter().enumerate() {
                let most = tier["up_to"].as_i64().unwrap_or(i64::MAX);
                // The first tier's flat amount is due for nothing at all, too.
                if place == 0 || quantity > below {
                    parts.extend(of_tier(tier, place, quantity.min(most) - below));
                }
                below = most;
            }
            parts
        }
    }
}

fn of_tier(tier: &Value, place: usize, quantity: i64) -> Vec<Part> {
    let decimal = |name: &str| tier[name].as_str().map(str::to_owned);
    let tier = Some(place + 1);
    let units = decimal("unit_amount_decimal").map(|unit| Part {
        quantity,
        amount: amount(&unit, quantity),
        unit: Some(unit),
        tier,
    });
    let flat = decimal("flat_amount_decimal").map(|flat| Part {
        quantity: 1,
        unit: None,
        amount: amount(&flat, 1),
        tier,
    });
    units.into_iter().chain(flat.filter(|flat| flat.amount != 0)).collect()
}

/// How many packages a quantity takes.
fn packages(transform: &Value, quantity: i64) -> i64 {
    let Some(size) = transform["divide_by"].as_i64().filter(|size| *size > 0) else {
        return quantity;
    };
    let whole = quantity / size;
    if transform["round"] == "up" && quantity % size != 0 { whole + 1 } else { whole }
}

/// Minor units of one, as a decimal, for a price of which every one costs the same.
pub(crate) fn unit(price: &Value) -> Option<&str> {
    price["unit_amount_decimal"].as_str().filter(|_| price["transform_quantity"].is_null())
}

/// What a part is, for its line: `2 × Pro (at $9.00 / month)`, `3 × Pro (Tier 2 at $6.50 / month)`.
pub(crate) fn in_words(part: &Part, price: &Value, product: &str, quantity: i64) -> String {
    let currency = price["currency"].as_str().unwrap_or_default();
    let interval = price["recurring"]["interval"].as_str().unwrap_or("time");
    let every = match price["recurring"]["interval_count"].as_i64() {
        Some(count) if count > 1 => format!(" every {count} {interval}s"),
        _ => format!(" / {interval}"),
    };
    let size = match price["transform_quantity"]["divide_by"].as_i64() {
        Some(size) => format!(" per {size}"),
        None => String::new(),
    };
    let tier = part.tier.map(|tier| format!("Tier {tier} ")).unwrap_or_default();
    match &part.unit {
        Some(unit) => {
            let unit = written_decimal(unit, currency);
            let quantity = if part.tier.is_some() { part.quantity } else { quantity };
            format!("{quantity} × {product} ({tier}at {unit}{size}{every})")
        }
        None => format!("{product} ({tier}flat fee)"),
    }
}

impl Tx<'_> {
    /// The tiers of a price, which the API shows only when asked; null for a price without.
    fn tiers(&mut self, price: &Value) -> Result<Value, ApiError> {
        if price["billing_scheme"] != "tiered" {
            return Ok(Value::Null);
        }
        let id = price["id"].as_str().unwrap_or_default();
        let found = self.find(Kind::Price, id)?;
        Ok(found.map(|price| price.private["tiers"].clone()).unwrap_or_default())
    }

    /// What a quantity of a price costs, in parts.
    pub(crate) fn cost_parts(
        &mut self,
        price: &Value,
        quantity: i64,
    ) -> Result<Vec<Part>, ApiError> {
        Ok(parts(price, &self.tiers(price)?, quantity))
    }

    /// What a quantity of a price costs, in minor units.
    pub(crate) fn cost(&mut self, price: &Value, quantity: i64) -> Result<i64, ApiError> {
        let parts = self.cost_parts(price, quantity)?;
        Ok(parts.iter().fold(0, |sum, part| part.amount.saturating_add(sum)))
    }

    /// What a whole period of a subscription's item costs, in minor units.
    pub(crate) fn item_cost(&mut self, item: &Value) -> Result<i64, ApiError> {
        self.cost(&item["price"], item["quantity"].as_i64().unwrap_or(1))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cost(price: &Value, tiers: &Value, quantity: i64) -> i64 {
        parts(price, tiers, quantity).iter().map(|part| part.amount).sum()
    }

    #[test]
    fn decimals_are_exact_and_shown_without_zeros() {
        assert_eq!(exact("0.000000000001"), Some(1));
        assert_eq!(exact("12.5"), Some(12_500_000_000_000));
        for wrong in ["", ".5", "-1", "1e3", "1.0000000000001", "1,5"] {
            assert_eq!(exact(wrong), None, "{wrong}");
        }
        assert_eq!(shown("12.50"), Some((None, "12.5".to_owned())));
        assert_eq!(shown("12.0"), Some((Some(12), "12".to_owned())));
        assert_eq!(shown("0.1"), Some((None, "0.1".to_owned())));
    }

    #[test]
    fn fractions_of_a_minor_unit_are_rounded_once_for_the_quantity() {
        for (unit, quantity, expected) in
            [("0.5", 1, 1), ("0.5", 3, 2), ("0.333", 1000, 333), ("0.1", 4, 0), ("900", 2, 1_800)]
        {
            let price = json!({ "unit_amount_decimal": unit });
            assert_eq!(cost(&price, &Value::Null, quantity), expected, "{quantity} × {unit}");
        }
        let dear = json!({ "unit_amount_decimal": "999999999999" });
        assert_eq!(cost(&dear, &Value::Null, i64::MAX), i64::MAX);
    }

    #[test]
    fn packages_are_rounded_up_or_down() {
        for (round, quantity, expected) in [("up", 11, 1_000), ("up", 10, 500), ("down", 19, 500)] {
            let price = json!({
                "unit_amount_decimal": "500", "transform_quantity": { "divide_by": 10, "round": round },
            });
            assert_eq!(cost(&price, &Value::Null, quantity), expected, "{quantity} {round}");
        }
    }

    /// 1 to 5 at 7.00, 6 to 10 at 6.50, from 11 on at 6.00: Stripe's own example.
    fn fonts() -> Value {
        let tier = |up_to: Value, unit: &str| json!({ "up_to": up_to, "unit_amount_decimal": unit, "flat_amount_decimal": null });
        json!([tier(json!(5), "700"), tier(json!(10), "650"), tier(Value::Null, "600")])
    }

    #[test]
    fn volume_charges_all_at_the_tier_that_is_reached() {
        let price = json!({ "tiers_mode": "volume" });
        for (quantity, expected) in
            [(0, 0), (1, 700), (5, 3_500), (6, 3_900), (20, 12_000), (25, 15_000)]
        {
            assert_eq!(cost(&price, &fonts(), quantity), expected, "{quantity}");
        }
    }

    #[test]
    fn graduated_charges_each_at_its_own_tier() {
        let price = json!({ "tiers_mode": "graduated" });
        for (quantity, expected) in
            [(0, 0), (1, 700), (5, 3_500), (6, 4_150), (20, 12_750), (25, 15_750)]
        {
            assert_eq!(cost(&price, &fonts(), quantity), expected, "{quantity}");
        }
    }

    #[test]
    fn flat_amounts_come_with_the_tiers_that_are_reached() {
        let flat = |up_to: Value, flat: &str| json!({ "up_to": up_to, "unit_amount_decimal": "10", "flat_amount_decimal": flat });
        let tiers = json!([flat(json!(5), "1000"), flat(Value::Null, "2000")]);
        let graduated = json!({ "tiers_mode": "graduated", "currency": "usd" });
        let volume = json!({ "tiers_mode": "volume" });
        assert_eq!(cost(&graduated, &tiers, 0), 1_000);
        assert_eq!(cost(&graduated, &tiers, 6), 1_000 + 50 + 2_000 + 10);
        assert_eq!(cost(&volume, &tiers, 6), 2_000 + 60);
        let parts = parts(&graduated, &tiers, 6);
        let words: Vec<_> =
            parts.iter().map(|part| in_words(part, &graduated, "Fonts", 6)).collect();
        assert_eq!(
            words,
            [
                "5 × Fonts (Tier 1 at $0.10 / time)",
                "Fonts (Tier 1 flat fee)",
                "1 × Fonts (Tier 2 at $0.10 / time)",
                "Fonts (Tier 2 flat fee)",
            ]
        );
    }
}
