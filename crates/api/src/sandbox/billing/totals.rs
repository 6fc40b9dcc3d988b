//! What an invoice's lines add up to: less discounts, plus taxes.

use serde_json::{Value, json};

use super::{
    discount::{Reduction, reduce_lines},
    tax::{self, Taxation},
};
use crate::sandbox::{error::ApiError, object::Object, store::Tx};

/// What is due once the customer's balance (below zero: credit) is taken into account, and the balance after.
pub(super) fn settle_balance(total: i64, balance: i64) -> (i64, i64) {
    let sum = total.saturating_add(balance);
    (sum.max(0), sum.min(0))
}

/// What the discounts of its own took off a line.
fn own_off(line: &Value) -> i64 {
    let own = line["discounts"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    let amounts = line["discount_amounts"].as_array().into_iter().flatten();
    let amounts = amounts.filter(|taken| own.contains(&taken["discount"]));
    amounts.filter_map(|taken| taken["amount"].as_i64()).sum()
}

impl Tx<'_> {
    /// Reduces and taxes the lines, and sums them into the totals.
    pub(crate) fn add_up(
        &mut self,
        invoice: &mut Object,
        reductions: &[Reduction],
    ) -> Result<(), ApiError> {
        let mut lines = match invoice.body["lines"]["data"].take() {
            Value::Array(lines) => lines,
            _ => Vec::new(),
        };
        for line in &mut lines {
            line["invoice"] = json!(invoice.id);
            keep_own_rates(&mut invoice.private, line);
        }
        let taken = reduce_lines(&mut lines, reductions);
        let taxation = Taxation::of_invoice(invoice);
        let (mut subtotal, mut within_subtotal) = (0_i64, 0_i64);
        for line in &mut lines {
            let amount = line["amount"].as_i64().unwrap_or(0);
            let own = own_rates(&invoice.private, line);
            let price = line["pricing"]["price_details"]["price"].clone();
            let before_all = amount - own_off(line);
            let left = amount - super::discount::taken_off(line);
            let taxes = json!(self.taxes(left, &own, &taxation, &price)?);
            // What is included was included in what the discounts of the whole invoice took off, too.
            let included = match (tax::sum(&taxes, "inclusive"), left == before_all) {
                (included, true) => included,
                (_, false) => {
                    tax::sum(&json!(self.taxes(before_all, &own, &taxation, &price)?), "inclusive")
                }
            };
            line["taxes"] = taxes;
            subtotal = subtotal.saturating_add(before_all);
            within_subtotal += included;
        }
        let off_all = reductions.iter().zip(&taken).filter(|(one, _)| one.is_for_all_items());
        let discounted = off_all.fold(subtotal, |left, (_, off)| left - off);
        let taxes = lines.iter().flat_map(|line| line["taxes"].as_array().into_iter().flatten());
        let taxes = json!(tax::total(taxes));
        let total = discounted + tax::sum(&taxes, "exclusive");
        let body = &mut invoice.body;
        body["automatic_tax"]["status"] = json!(taxation.status());
        let named = |(reduction, amount): (&Reduction, &i64)| json!({ "amount": amount, "discount": reduction.id });
        body["total_discount_amounts"] = reductions.iter().zip(&taken).map(named).collect();
        let of_all = reductions.iter().filter(|reduction| reduction.is_for_all_items());
        body["discounts"] = of_all.map(|reduction| json!(reduction.id)).collect();
        body["lines"]["total_count"] = json!(lines.len());
        body["lines"]["data"] = Value::Array(lines);
        for (field, amount) in [
            ("subtotal", subtotal),
            ("subtotal_excluding_tax", subtotal - within_subtotal),
            ("total", total),
            ("total_excluding_tax", discounted - tax::sum(&taxes, "inclusive")),
        ] {
            body[field] = json!(amount);
        }
        body["total_taxes"] = taxes;
        let (due, _) = settle_balance(total, invoice.integer("starting_balance").unwrap_or(0));
        invoice.body["amount_due"] = json!(due);
        invoice.body["amount_remaining"] = json!(due);
        Ok(())
    }
}

/// Puts the tax rates that a new line came with beside the invoice: lines show what was taxed, not by what.
fn keep_own_rates(private: &mut Value, line: &mut Value) {
    let Some(rates) = line.as_object_mut().and_then(|line| line.remove("tax_rates")) else {
        return;
    };
    if let Some(id) = line["id"].as_str() {
        private["tax_rates"][id] = rates;
    }
}

fn own_rates(private: &Value, line: &Value) -> Vec<String> {
    let rates = private["tax_rates"][line["id"].as_str().unwrap_or_default()].as_array();
    rates.into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::settle_balance;

    #[test]
    fn credit_is_used_up_before_anything_is_due() {
        assert_eq!(settle_balance(900, 0), (900, 0));
        assert_eq!(settle_balance(900, -200), (700, 0));
        assert_eq!(settle_balance(900, -1_000), (0, -100));
        assert_eq!(settle_balance(-300, -100), (0, -400));
        assert_eq!(settle_balance(900, 50), (950, 0));
    }
}
