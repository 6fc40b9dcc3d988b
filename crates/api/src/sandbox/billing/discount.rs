//! What discounts take off: pure arithmetic on amounts in minor units.

use serde_json::{Value, json};

use super::proration::round_half_away;
use crate::sandbox::object::Object;

/// A discount as invoices reckon with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reduction {
    /// `di_…`
    pub(crate) id: String,
    off: Off,
    /// Products it is limited to; none for all.
    products: Option<Vec<String>>,
    /// The one item it is limited to.
    target: Option<Target>,
    /// Whether the first invoice that it reduces uses it up.
    pub(crate) is_once: bool,
}

/// An item that has a discount of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    /// `ii_…`
    InvoiceItem(String),
    /// `si_…`
    SubscriptionItem(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Off {
    /// Hundredths of a percent.
    Percent(i64),
    /// Minor units.
    Amount(i64),
}

/// One amount among those that are reduced together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) amount: i64,
    pub(crate) product: &'a str,
    pub(crate) invoice_item: Option<&'a str>,
    pub(crate) subscription_item: Option<&'a str>,
    pub(crate) is_discountable: bool,
}

impl Reduction {
    /// What the coupon takes off amounts in `currency`; `None` when it is a fixed amount of another one.
    pub(crate) fn of_coupon(id: &str, coupon: &Value, currency: &str) -> Option<Reduction> {
        let off = match coupon["amount_off"].as_i64() {
            Some(amount) if coupon["currency"] == currency => Off::Amount(amount),
            Some(_) => Off::Amount(coupon["currency_options"][currency]["amount_off"].as_i64()?),
            None => Off::Percent(hundredths(&coupon["percent_off"])?),
        };
        let products = coupon["applies_to"]["products"].as_array().map(|products| {
            products.iter().filter_map(|product| product.as_str().map(str::to_owned)).collect()
        });
        let is_once = coupon["duration"] == "once";
        Some(Reduction { id: id.to_owned(), off, products, target: None, is_once })
    }

    /// What a discount takes off amounts in `currency`.
    pub(crate) fn of(discount: &Object, currency: &str) -> Option<Reduction> {
        let coupon = &discount.private["coupon"];
        let reduction = Reduction::of_coupon(&discount.id, coupon, currency)?;
        let of = |name: &str| discount.text(name).map(str::to_owned);
        let target = of("invoice_item")
            .map(Target::InvoiceItem)
            .or(of("subscription_item").map(Target::SubscriptionItem));
        Some(Reduction { target, ..reduction })
    }

    /// The same, of one subscription item.
    pub(crate) fn for_item(self, item: &str) -> Reduction {
        Reduction { target: Some(Target::SubscriptionItem(item.to_owned())), ..self }
    }

    /// Whether it is this invoice item's own.
    pub(crate) fn is_of_item(&self, item: &str) -> bool {
        matches!(&self.target, Some(Target::InvoiceItem(own)) if own == item)
    }

    /// Whether it is more than a single item's.
    pub(crate) fn is_for_all_items(&self) -> bool {
        self.target.is_none()
    }

    fn reaches(&self, part: &Part<'_>) -> bool {
        let in_products = self
            .products
            .as_ref()
            .is_none_or(|products| products.iter().any(|product| product == part.product));
        let on_item = match &self.target {
            None => true,
            Some(Target::InvoiceItem(item)) => part.invoice_item == Some(item),
            Some(Target::SubscriptionItem(item)) => part.subscription_item == Some(item),
        };
        part.is_discountable && in_products && on_item
    }
}

/// Hundredths of `percent_off`, which has at most two decimals.
pub(crate) fn hundredths(percent: &Value) -> Option<i64> {
    let text = percent.as_number()?.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{fraction:0<2}").parse().ok().filter(|_| fraction.len() <= 2)
}

/// What each reduction takes off each part, one after the other: the second finds what the first has left.
/// The off of a reduction is reckoned on the sum it reaches and spread over the parts.
pub(crate) fn reduce(parts: &[Part<'_>], reductions: &[Reduction]) -> Vec<Vec<i64>> {
    let mut left: Vec<i64> = parts.iter().map(|part| part.amount.max(0)).collect();
    let mut taken = Vec::new();
    for reduction in reductions {
        let reached: Vec<i64> = parts
            .iter()
            .zip(&left)
            .map(|(part, left)| if reduction.reaches(part) { *left } else { 0 })
            .collect();
        let base = reached.iter().fold(0_i64, |sum, amount| sum.saturating_add(*amount));
        let off = match reduction.off {
            Off::Percent(percent) => {
                round_half_away(i128::from(base) * i128::from(percent), 10_000)
            }
            Off::Amount(amount) => amount.min(base),
        };
        let shares = spread(off, &reached, base);
        for (left, share) in left.iter_mut().zip(&shares) {
            *left -= share;
        }
        taken.push(shares);
    }
    taken
}

/// Splits `off` by the weights, whose sum is `total` and not below it; what rounding leaves goes to the first.
fn spread(off: i64, weights: &[i64], total: i64) -> Vec<i64> {
    if total == 0 {
        return vec![0; weights.len()];
    }
    let share = |weight: &i64| {
        let share = i128::from(off) * i128::from(*weight) / i128::from(total);
        i64::try_from(share).unwrap_or(i64::MAX)
    };
    let mut shares: Vec<i64> = weights.iter().map(share).collect();
    let mut rest = off - shares.iter().sum::<i64>();
    for (share, weight) in shares.iter_mut().zip(weights) {
        let more = rest.min(weight - *share).min(1);
        *share += more;
        rest -= more;
    }
    shares
}

/// Reduces an invoice's lines in place. The sum that each reduction took off, in their order.
pub(crate) fn reduce_lines(lines: &mut [Value], reductions: &[Reduction]) -> Vec<i64> {
    let parts: Vec<Part<'_>> = lines.iter().map(part_of_line).collect();
    let taken = reduce(&parts, reductions);
    for (place, line) in lines.iter_mut().enumerate() {
        let product = line["pricing"]["price_details"]["product"].as_str().unwrap_or_default();
        let part = Part { product, ..part_of_line(line) };
        let amounts: Vec<Value> = reductions
            .iter()
            .zip(&taken)
            .filter(|(reduction, _)| reduction.reaches(&part))
            .map(|(reduction, shares)| json!({ "amount": shares[place], "discount": reduction.id }))
            .collect();
        let own: Vec<&str> = reductions
            .iter()
            .filter(|reduction| !reduction.is_for_all_items() && reduction.reaches(&part))
            .map(|reduction| reduction.id.as_str())
            .collect();
        let own = json!(own);
        line["discount_amounts"] = Value::Array(amounts);
        line["discounts"] = own;
    }
    taken.iter().map(|shares| shares.iter().sum()).collect()
}

fn part_of_line(line: &Value) -> Part<'_> {
    let parent = &line["parent"];
    Part {
        amount: line["amount"].as_i64().unwrap_or(0),
        product: line["pricing"]["price_details"]["product"].as_str().unwrap_or_default(),
        invoice_item: ["invoice_item_details", "subscription_item_details"]
            .into_iter()
            .find_map(|details| parent[details]["invoice_item"].as_str()),
        subscription_item: parent["subscription_item_details"]["subscription_item"].as_str(),
        is_discountable: line["discountable"] == true,
    }
}

/// What was taken off a line.
pub(crate) fn taken_off(line: &Value) -> i64 {
    let amounts = line["discount_amounts"].as_array().into_iter().flatten();
    amounts.filter_map(|taken| taken["amount"].as_i64()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coupon(fields: Value) -> Reduction {
        Reduction::of_coupon("di_1", &fields, "usd").unwrap()
    }

    fn part(amount: i64, product: &str) -> Part<'_> {
        Part { amount, product, invoice_item: None, subscription_item: None, is_discountable: true }
    }

    #[test]
    fn percentages_have_at_most_two_decimals() {
        for (percent, expected) in [
            (json!(25), Some(2_500)),
            (json!(12.5), Some(1_250)),
            (json!(33.33), Some(3_333)),
            (json!(1.005), None),
            (json!(null), None),
        ] {
            assert_eq!(hundredths(&percent), expected, "{percent}");
        }
    }

    #[test]
    fn reductions_follow_each_other_and_never_go_below_nothing() {
        let half = coupon(json!({ "percent_off": 50 }));
        let five = coupon(json!({ "amount_off": 500, "currency": "usd" }));
        let only_b = coupon(json!({ "percent_off": 10, "applies_to": { "products": ["b"] } }));
        for (amounts, reductions, expected) in [
            (vec![900], vec![half.clone()], vec![vec![450]]),
            (vec![901], vec![half.clone()], vec![vec![451]]),
            (vec![900], vec![half.clone(), five.clone()], vec![vec![450], vec![450]]),
            (vec![900, 100], vec![five.clone()], vec![vec![450, 50]]),
            (vec![1, 1, 1], vec![half.clone()], vec![vec![1, 1, 0]]),
            (vec![300, 200], vec![only_b], vec![vec![0, 20]]),
            (vec![-300, 200], vec![five], vec![vec![0, 200]]),
            (vec![0], vec![half], vec![vec![0]]),
        ] {
            let parts: Vec<_> =
                amounts.iter().zip(["a", "b", "c"]).map(|(amount, id)| part(*amount, id)).collect();
            assert_eq!(reduce(&parts, &reductions), expected, "{amounts:?} {reductions:?}");
        }
    }

    #[test]
    fn what_is_not_discountable_stays_whole() {
        let half = coupon(json!({ "percent_off": 50 }));
        let proration = Part { is_discountable: false, ..part(400, "a") };
        assert_eq!(reduce(&[proration, part(600, "a")], &[half]), [[0, 300]]);
    }

    #[test]
    fn an_items_own_discount_reaches_no_other_item() {
        let half = coupon(json!({ "percent_off": 50 })).for_item("si_1");
        let one = Part { subscription_item: Some("si_1"), ..part(400, "a") };
        let other = Part { subscription_item: Some("si_2"), ..part(600, "a") };
        assert_eq!(reduce(&[one, other], &[half]), [[200, 0]]);
    }

    #[test]
    fn a_fixed_amount_is_of_one_currency() {
        let fixed = json!({
            "amount_off": 500, "currency": "usd", "currency_options": { "eur": { "amount_off": 400 } },
        });
        let off = |currency| Reduction::of_coupon("di_1", &fixed, currency).map(|found| found.off);
        assert_eq!(off("usd"), Some(Off::Amount(500)));
        assert_eq!(off("eur"), Some(Off::Amount(400)));
        assert_eq!(off("jpy"), None);
    }
}
