//! The customer's balance: credit (below zero) or debt that the next invoice takes up, and every change of it.

use serde_json::{Value, json};

use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    store::Tx,
};

/// A change of a customer's balance.
#[derive(Debug, Clone)]
pub(crate) struct BalanceChange<'a> {
    /// Minor units; below zero when the customer is credited.
    pub(crate) amount: i64,
    /// `type`: `adjustment`, `applied_to_invoice` or `initial`.
    pub(crate) kind: &'static str,
    pub(crate) invoice: Option<&'a str>,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Value,
}

impl BalanceChange<'_> {
    /// A change without more to say of it.
    pub(crate) fn plain(kind: &'static str, amount: i64) -> BalanceChange<'static> {
        BalanceChange { amount, kind, invoice: None, description: None, metadata: json!({}) }
    }
}

impl Tx<'_> {
    /// Writes down how the balance of `customer` came to be what it is. A change of nothing is none.
    pub(crate) fn note_balance(
        &mut self,
        customer: &Object,
        change: BalanceChange<'_>,
    ) -> Result<Option<Object>, ApiError> {
        if change.amount == 0 {
            return Ok(None);
        }
        let noted = Object::new(
            Kind::CustomerBalanceTransaction,
            self.now(),
            json!({
                "amount": change.amount,
                "checkout_session": null,
                "credit_note": null,
                "currency": customer.text("currency").unwrap_or("usd"),
                "customer": customer.id,
                "customer_account": null,
                "description": change.description,
                "ending_balance": customer.integer("balance").unwrap_or(0),
                "invoice": change.invoice,
                "metadata": change.metadata,
                "type": change.kind,
            }),
        );
        self.insert(&noted)?;
        Ok(Some(noted))
    }
}
