//! The hosted invoice page, `/invoice/{secret}`: the receipt, and paying an open invoice.

use super::{
    Sandbox,
    checkout::{CardInput, Outcome},
    error::ApiError,
    portal::Address,
};

/// What the page shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InvoicePage {
    pub(crate) id: String,
    pub(crate) number: Option<String>,
    /// `open`, `paid`, `void` or `uncollectible`.
    pub(crate) status: String,
    pub(crate) merchant: String,
    pub(crate) customer_name: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) customer_address: Option<Address>,
    pub(crate) currency: String,
    pub(crate) lines: Vec<InvoicePageLine>,
    /// Minor units.
    pub(crate) subtotal: i64,
    pub(crate) total: i64,
    /// Credit taken from the customer's balance, as a number not below zero.
    pub(crate) credit_applied: i64,
    pub(crate) amount_due: i64,
    pub(crate) amount_paid: i64,
    /// Unix seconds.
    pub(crate) created: i64,
    pub(crate) paid_at: Option<i64>,
    /// `visa 4242` of the card that paid: brand and last four digits.
    pub(crate) paid_with: Option<(String, String)>,
}

/// A line of the invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvoicePageLine {
    pub(crate) description: String,
    pub(crate) quantity: i64,
    pub(crate) amount: i64,
    /// Unix seconds.
    pub(crate) period_start: i64,
    pub(crate) period_end: i64,
}

/// Loads the invoice whose page this is. An unknown secret is a 404 error.
pub(crate) async fn load(sandbox: &Sandbox, secret: &str) -> Result<InvoicePage, ApiError> {
    let _ = (sandbox, secret);
    Err(ApiError::internal("unfinished"))
}

/// Pays an open invoice with a card. `redirect_url` leads back to this page.
pub(crate) async fn pay(
    sandbox: &Sandbox,
    secret: &str,
    card: CardInput,
) -> Result<Outcome, ApiError> {
    let _ = (sandbox, secret, card);
    Err(ApiError::internal("unfinished"))
}
