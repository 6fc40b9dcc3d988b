//! Taxes: rates given by hand, or by the customer's country, and what they come to. Integers only.

mod automatic;

use serde_json::{Value, json};

use super::proration::round_half_away;
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    store::Tx,
};

/// The parts that percentages are counted in: Stripe takes four decimals.
const PARTS: i128 = 1_000_000;

/// A tax rate as invoices reckon with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rate {
    /// `txr_…`
    id: String,
    /// Millionths of the amount.
    parts: i64,
    is_inclusive: bool,
    /// `taxability_reason`, unless the customer is exempt.
    reason: &'static str,
}

/// What a rate comes to on an amount, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Taxed {
    amount: i64,
    taxable: i64,
}

/// Whether the customer pays taxes: `tax_exempt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exemption {
    None,
    Exempt,
    /// The customer reckons and pays them.
    Reverse,
}

/// What decides about the taxes of lines that have no rates of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taxation {
    exemption: Exemption,
    /// Rates by default, by their ids.
    defaults: Vec<String>,
    is_automatic: bool,
    /// Where the customer is: two letters.
    country: Option<String>,
}

/// Millionths of `percentage`, a number of at most four decimals.
pub(crate) fn parts(percentage: &Value) -> Option<i64> {
    let text = percentage.as_number()?.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{fraction:0<4}").parse().ok().filter(|_| fraction.len() <= 4)
}

/// What each rate comes to. Rates that are included share what the amount holds of them; the others are of the rest.
fn reckon(amount: i64, rates: &[Rate], exemption: Exemption) -> Vec<Taxed> {
    if exemption != Exemption::None {
        return rates.iter().map(|_| Taxed { amount: 0, taxable: amount }).collect();
    }
    let included: i128 =
        rates.iter().filter(|rate| rate.is_inclusive).map(|rate| i128::from(rate.parts)).sum();
    let taxable = round_half_away(i128::from(amount) * PARTS, PARTS + included);
    let (mut left, mut left_parts) = (amount - taxable, included);
    let mut taxed = Vec::new();
    for rate in rates {
        let parts = i128::from(rate.parts);
        let amount = if !rate.is_inclusive {
            round_half_away(i128::from(taxable) * parts, PARTS)
        } else if left_parts > 0 {
            // Of what the ones before have left, so that the sum comes out even.
            let share = round_half_away(i128::from(left) * parts, left_parts);
            left -= share;
            left_parts -= parts;
            share
        } else {
            0
        };
        taxed.push(Taxed { amount, taxable });
    }
    taxed
}

impl Taxation {
    /// Of an invoice, by what it holds.
    pub(crate) fn of_invoice(invoice: &Object) -> Taxation {
        Taxation::new(
            &invoice.body["default_tax_rates"],
            invoice.body["automatic_tax"]["enabled"] == true,
            &invoice.body["customer_address"]["country"],
            &invoice.body["customer_tax_exempt"],
        )
    }

    /// Of default rates as objects, a country's code and `tax_exempt`.
    pub(crate) fn new(
        defaults: &Value,
        is_automatic: bool,
        country: &Value,
        tax_exempt: &Value,
    ) -> Taxation {
        Taxation {
            exemption: match tax_exempt.as_str() {
                Some("exempt") => Exemption::Exempt,
                Some("reverse") => Exemption::Reverse,
                _ => Exemption::None,
            },
            defaults: ids(defaults),
            is_automatic,
            country: country.as_str().map(str::to_ascii_uppercase),
        }
    }

    /// `status` of automatic tax: it needs to know where the customer is.
    pub(crate) fn status(&self) -> Option<&'static str> {
        let known = if self.country.is_some() { "complete" } else { "requires_location_inputs" };
        self.is_automatic.then_some(known)
    }
}

/// The ids of tax rates given as objects.
pub(crate) fn ids(rates: &Value) -> Vec<String> {
    let rates = rates.as_array().into_iter().flatten();
    rates.filter_map(|rate| rate["id"].as_str().map(str::to_owned)).collect()
}

/// The element of `taxes` of a line.
fn tax_of_line(rate: &Rate, taxed: Taxed, exemption: Exemption) -> Value {
    let reason = match exemption {
        Exemption::None => rate.reason,
        Exemption::Exempt => "customer_exempt",
        Exemption::Reverse => "reverse_charge",
    };
    json!({
        "amount": taxed.amount,
        "tax_behavior": if rate.is_inclusive { "inclusive" } else { "exclusive" },
        "tax_rate_details": { "tax_rate": rate.id },
        "taxability_reason": reason,
        "taxable_amount": taxed.taxable,
        "type": "tax_rate_details",
    })
}

/// The sum of those `taxes` that come on top (or, `inclusive`, are in the amounts).
pub(crate) fn sum(taxes: &Value, behavior: &str) -> i64 {
    let taxes = taxes.as_array().into_iter().flatten();
    let taxes = taxes.filter(|tax| tax["tax_behavior"] == behavior);
    taxes.filter_map(|tax| tax["amount"].as_i64()).sum()
}

/// The taxes of many lines, summed by rate.
pub(crate) fn total<'a>(taxes: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    let mut totals: Vec<Value> = Vec::new();
    for tax in taxes {
        let is_same = |total: &&mut Value| {
            ["tax_rate_details", "taxability_reason"].iter().all(|name| total[name] == tax[name])
        };
        match totals.iter_mut().find(is_same) {
            None => totals.push(tax.clone()),
            Some(total) => {
                for name in ["amount", "taxable_amount"] {
                    let (one, more) = (total[name].as_i64(), tax[name].as_i64());
                    total[name] = json!(one.unwrap_or(0) + more.unwrap_or(0));
                }
            }
        }
    }
    totals
}

/// A rate as customers read it: `VAT Germany (19%)`, `GST (5%, included)`.
fn in_words(rate: &Object) -> String {
    let name = rate.text("display_name").unwrap_or("Tax");
    let place = rate.text("jurisdiction").map(|place| format!(" {place}")).unwrap_or_default();
    let included = if rate.is("inclusive") { ", included" } else { "" };
    format!("{name}{place} ({}%{included})", rate.body["percentage"])
}

/// Taxes in words, with what each comes to: those on top and those included.
pub(crate) fn shown(tx: &mut Tx<'_>, taxes: &Value) -> Result<Vec<(String, i64)>, ApiError> {
    let mut shown = Vec::new();
    for tax in taxes.as_array().into_iter().flatten() {
        let id = tax["tax_rate_details"]["tax_rate"].as_str().unwrap_or_default();
        let rate = tx.tax_rate(id, "tax_rate")?;
        shown.push((in_words(&rate), tax["amount"].as_i64().unwrap_or(0)));
    }
    Ok(shown)
}

impl Tx<'_> {
    /// A tax rate, made by hand or one of those that automatic tax knows.
    pub(crate) fn tax_rate(&mut self, id: &str, param: &str) -> Result<Object, ApiError> {
        match automatic::rate_of_id(id) {
            Some(rate) => Ok(rate),
            None => self.get(Kind::TaxRate, id, param),
        }
    }

    fn rates(&mut self, ids: &[String]) -> Result<Vec<Rate>, ApiError> {
        let mut rates = Vec::new();
        for id in ids {
            let rate = self.tax_rate(id, "tax_rates")?;
            rates.push(Rate {
                id: rate.id.clone(),
                parts: parts(&rate.body["percentage"]).unwrap_or(0),
                is_inclusive: rate.is("inclusive"),
                reason: "not_available",
            });
        }
        Ok(rates)
    }

    /// The rates that a line is taxed by: by its country when tax is automatic, else its own, else the default ones.
    fn rates_of_line(
        &mut self,
        own: &[String],
        taxation: &Taxation,
        price: &Value,
    ) -> Result<Vec<Rate>, ApiError> {
        if !taxation.is_automatic {
            let ids = if own.is_empty() { &taxation.defaults } else { own };
            return self.rates(ids);
        }
        let Some(country) = &taxation.country else { return Ok(Vec::new()) };
        let price = match price.as_str() {
            Some(id) => self.find(Kind::Price, id)?,
            None => None,
        };
        let is_inclusive =
            price.is_some_and(|price| price.text("tax_behavior") == Some("inclusive"));
        Ok(vec![automatic::rate(country, is_inclusive)])
    }

    /// The `taxes` on an amount that is left after discounts.
    pub(crate) fn taxes(
        &mut self,
        amount: i64,
        own: &[String],
        taxation: &Taxation,
        price: &Value,
    ) -> Result<Vec<Value>, ApiError> {
        let rates = self.rates_of_line(own, taxation, price)?;
        let taxed = reckon(amount, &rates, taxation.exemption);
        let taxes = rates.iter().zip(taxed);
        Ok(taxes.map(|(rate, taxed)| tax_of_line(rate, taxed, taxation.exemption)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(parts: i64, is_inclusive: bool) -> Rate {
        Rate { id: "txr_1".to_owned(), parts, is_inclusive, reason: "not_available" }
    }

    fn amounts(amount: i64, rates: &[Rate]) -> Vec<i64> {
        reckon(amount, rates, Exemption::None).iter().map(|taxed| taxed.amount).collect()
    }

    #[test]
    fn percentages_have_at_most_four_decimals() {
        for (percentage, expected) in [
            (json!(19), Some(190_000)),
            (json!(8.875), Some(88_750)),
            (json!(0.0001), Some(1)),
            (json!(1.00001), None),
            (json!("19"), None),
        ] {
            assert_eq!(parts(&percentage), expected, "{percentage}");
        }
    }

    #[test]
    fn exclusive_rates_come_on_top_and_inclusive_ones_are_within() {
        let (on_top, within) = (rate(200_000, false), rate(200_000, true));
        for (amount, rates, expected) in [
            (1_000, vec![on_top.clone()], vec![200]),
            (1_000, vec![within.clone()], vec![167]),
            (-1_000, vec![within.clone()], vec![-167]),
            (1_200, vec![within.clone(), on_top.clone()], vec![200, 200]),
            (1_000, vec![rate(88_750, false)], vec![89]),
            (1_000, vec![rate(50_000, true), rate(99_750, true)], vec![43, 87]),
            (0, vec![on_top, within], vec![0, 0]),
        ] {
            assert_eq!(amounts(amount, &rates), expected, "{amount} {rates:?}");
        }
    }

    #[test]
    fn what_is_included_and_what_is_taxed_add_up() {
        let rates = [rate(50_000, true), rate(99_750, true), rate(190_000, true)];
        for amount in 0..500 {
            let taxed = reckon(amount, &rates, Exemption::None);
            let taxes: i64 = taxed.iter().map(|taxed| taxed.amount).sum();
            assert_eq!(taxes + taxed[0].taxable, amount);
        }
    }

    #[test]
    fn exempt_customers_pay_none_and_it_says_why() {
        let rates = [rate(190_000, false)];
        for (exemption, reason) in
            [(Exemption::Exempt, "customer_exempt"), (Exemption::Reverse, "reverse_charge")]
        {
            let [taxed] = reckon(1_000, &rates, exemption)[..] else { panic!("one rate") };
            let tax = tax_of_line(&rates[0], taxed, exemption);
            assert_eq!((&tax["amount"], &tax["taxability_reason"]), (&json!(0), &json!(reason)));
        }
    }

    #[test]
    fn totals_are_by_rate() {
        let tax = |id: &str, amount: i64| {
            json!({
                "amount": amount, "taxable_amount": amount * 10, "tax_rate_details": { "tax_rate": id },
                "taxability_reason": "not_available",
            })
        };
        let taxes = [tax("txr_1", 10), tax("txr_2", 5), tax("txr_1", 7)];
        assert_eq!(total(taxes.iter()), [tax("txr_1", 17), tax("txr_2", 5)]);
    }
}
