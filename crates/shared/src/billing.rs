//! Going to Stripe and coming back.

use serde::{Deserialize, Serialize};

use crate::{account::Account, plans::Interval};

/// Body of `POST /api/billing/checkout-session`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct StartCheckout {
    /// A plan's id.
    pub plan: String,
    /// `month` unless said.
    #[serde(default)]
    pub interval: Interval,
}

/// Where the browser goes next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct RedirectUrl {
    /// A page hosted by Stripe; short-lived, for this listener alone.
    pub url: String,
}

/// Answer of `GET /api/billing/checkout-session/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct CheckoutResult {
    /// Stripe's word: `open`, `complete`, `expired`.
    pub status: String,
    /// Stripe's word: `paid`, `unpaid`, `no_payment_required`.
    pub payment_status: String,
    /// The account as it is now.
    pub account: Account,
}

/// Body of `POST /api/billing/portal-session`; none opens the portal's home.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct OpenPortal {
    /// One of Stripe's flows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// For `subscription_update_confirm`: the plan to change to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// For `subscription_update_confirm`; `month` unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
}

/// Answer of `GET /api/billing/subscription`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct SubscriptionAnswer {
    /// The subscription that counts for access; null without one.
    pub subscription: Option<Subscription>,
}

/// A subscription as the account page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Subscription {
    /// `sub_…`.
    pub id: String,
    /// Stripe's word.
    pub status: String,
    /// The plan's id; null for a product that is not ours.
    pub plan: Option<String>,
    /// Null for an interval that is not on offer.
    pub interval: Option<Interval>,
    /// Minor units per interval; null when Stripe names none.
    pub amount: Option<i64>,
    /// Lower-case ISO 4217 code.
    pub currency: String,
    /// Unix seconds.
    pub current_period_end: Option<i64>,
    /// When it ends or ended, Unix seconds; null while it renews.
    pub ends_at: Option<i64>,
    /// Unix seconds.
    pub trial_end: Option<i64>,
    /// The card the next charge goes to.
    pub payment_method: Option<Card>,
}

/// A card, as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Card {
    /// `visa`, `mastercard`, …
    pub brand: String,
    /// The last four digits.
    pub last4: String,
    /// 1 to 12.
    pub exp_month: i64,
    /// Four digits.
    pub exp_year: i64,
}

/// Answer of `GET /api/billing/change-preview`; amounts in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct ChangePreview {
    /// Charged at once; below nothing, credited.
    pub due_now: i64,
    /// Charged at the next renewal, less what is credited.
    pub due_at_renewal: i64,
    /// Lower-case ISO 4217 code.
    pub currency: String,
    /// Unix seconds.
    pub renews_at: Option<i64>,
}

/// Answer of `GET /api/billing/open-invoice`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct OpenInvoiceAnswer {
    /// The invoice that is owed; null while no payment is outstanding.
    pub invoice: Option<OpenInvoice>,
}

/// An invoice that waits to be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct OpenInvoice {
    /// `in_…`.
    pub id: String,
    /// What is left to pay, minor units.
    pub amount_due: i64,
    /// Lower-case ISO 4217 code.
    pub currency: String,
    /// Stripe's page to pay it on.
    pub hosted_invoice_url: String,
    /// Whether the payment waits for the listener, who has to confirm it with their bank (3-D Secure) on that page.
    pub requires_action: bool,
}

/// Answer of `GET /api/billing/invoices`, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Invoices {
    /// The page.
    pub invoices: Vec<Invoice>,
    /// Whether older ones follow.
    pub has_more: bool,
}

/// One invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Invoice {
    /// `in_…`.
    pub id: String,
    /// The number printed on it; null on drafts.
    pub number: Option<String>,
    /// Stripe's word; null when Stripe gives none.
    pub status: Option<String>,
    /// Minor units.
    pub total: i64,
    /// Lower-case ISO 4217 code.
    pub currency: String,
    /// Unix seconds.
    pub created: i64,
    /// Stripe's page of it.
    pub hosted_invoice_url: Option<String>,
    /// Stripe's PDF of it.
    pub invoice_pdf: Option<String>,
}
