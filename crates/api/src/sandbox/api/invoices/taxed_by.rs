//! By what an invoice that a request makes, or changes, is taxed.

use serde_json::{Value, json};

use crate::sandbox::{
    api::tax_rates::{self, take_ids},
    billing::invoice::automatic_tax,
    error::ApiError,
    object::Object,
    params::Params,
    store::Tx,
};

/// `default_tax_rates` and `automatic_tax`, as far as they are given.
pub(super) struct TaxedBy {
    default_rates: Option<(Vec<String>, String)>,
    is_automatic: Option<bool>,
}

impl TaxedBy {
    pub(super) fn take(params: &mut Params) -> Result<TaxedBy, ApiError> {
        let default_rates = take_ids(params, "default_tax_rates")?;
        let is_automatic = params.hash("automatic_tax", |tax| {
            tax.kept("liability")?;
            Ok(tax.boolean("enabled")?.unwrap_or(false))
        })?;
        Ok(TaxedBy { default_rates, is_automatic })
    }

    /// Taxes a draft by it; the caller saves the draft.
    pub(super) fn apply(self, tx: &mut Tx<'_>, invoice: &mut Object) -> Result<(), ApiError> {
        if self.default_rates.is_none() && self.is_automatic.is_none() {
            return Ok(());
        }
        if invoice.text("status") != Some("draft") {
            let message = "Finalized invoices can't be updated in this way";
            return Err(ApiError::invalid(message).code("invoice_not_editable"));
        }
        if let Some(rates) = tax_rates::resolve(tx, self.default_rates)? {
            invoice.body["default_tax_rates"] = json!(rates);
        }
        match self.is_automatic {
            Some(true) => invoice.body["automatic_tax"] = automatic_tax(),
            Some(false) => {
                invoice.body["automatic_tax"]["enabled"] = json!(false);
                invoice.body["automatic_tax"]["liability"] = Value::Null;
                invoice.body["automatic_tax"]["provider"] = Value::Null;
            }
            None => {}
        }
        let reductions = tx.reductions_of_invoice(invoice)?;
        tx.add_up(invoice, &reductions)
    }
}
