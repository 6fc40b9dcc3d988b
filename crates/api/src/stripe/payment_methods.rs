//! Payment methods: what is charged. Source: <https://docs.stripe.com/api/payment_methods>.

use serde::Deserialize;

use super::{object::Object, request::Request};

/// A payment method.
#[derive(Clone, Debug, Deserialize)]
pub struct PaymentMethod {
    /// `pm_…`.
    pub id: String,
    /// `card`, `sepa_debit`, …
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Set for cards.
    pub card: Option<Card>,
}

impl Object for PaymentMethod {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A card, as far as it may be shown.
#[derive(Clone, Debug, Deserialize)]
pub struct Card {
    /// `visa`, `mastercard`, …
    pub brand: Option<String>,
    /// The last four digits.
    pub last4: Option<String>,
    /// 1 to 12.
    pub exp_month: Option<i64>,
    /// Four digits.
    pub exp_year: Option<i64>,
}

/// One payment method.
pub fn retrieve(id: &str) -> Request<PaymentMethod> {
    Request::get(["payment_methods".to_owned(), id.to_owned()])
}
