//! The hosted Checkout page's side of a Checkout Session: show it, pay it, answer its challenge.
//!
//! The page lives at `/pay/{secret}`; `secret` is the unguessable word in the session's `url`.

use super::{Sandbox, error::ApiError};

/// What the Checkout page shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CheckoutPage {
    /// `cs_test_…`
    pub(crate) id: String,
    pub(crate) mode: Mode,
    pub(crate) status: SessionStatus,
    /// The merchant's name.
    pub(crate) merchant: String,
    /// The customer's e-mail, when known.
    pub(crate) email: Option<String>,
    /// Whether the e-mail belongs to a customer and cannot be edited.
    pub(crate) email_is_fixed: bool,
    pub(crate) lines: Vec<CheckoutLine>,
    /// ISO code, lower case. Empty in setup mode without a currency.
    pub(crate) currency: String,
    /// Minor units to pay now: one-time lines, and the first period unless there is a trial.
    pub(crate) due_now: i64,
    /// What a subscription charges each period, once its trial is over.
    pub(crate) recurring_total: Option<i64>,
    /// Days of free trial.
    pub(crate) trial_days: Option<i64>,
    /// Unix seconds at which the trial would end.
    pub(crate) trial_end: Option<i64>,
    /// Whether a card must be given: false only for `payment_method_collection=if_required` with nothing due.
    pub(crate) card_required: bool,
    /// Whether the customer must agree to the terms of service.
    pub(crate) consent_to_terms: bool,
    pub(crate) allow_promotion_codes: bool,
    pub(crate) collect_tax_id: bool,
    /// `custom_text.submit.message`.
    pub(crate) submit_message: Option<String>,
    /// Where "back" leads; none without a `cancel_url`.
    pub(crate) cancel_url: Option<String>,
    /// Where a completed session sends the customer, the session id filled in.
    pub(crate) success_url: Option<String>,
    /// Unix seconds.
    pub(crate) expires_at: i64,
}

/// A Checkout Session's mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Payment,
    Setup,
    Subscription,
}

/// A Checkout Session's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionStatus {
    Open,
    Complete,
    Expired,
}

/// A line item.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CheckoutLine {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) image: Option<String>,
    pub(crate) quantity: i64,
    /// Minor units for one.
    pub(crate) unit_amount: i64,
    /// Minor units for all.
    pub(crate) amount: i64,
    /// For a recurring price, how often.
    pub(crate) recurring: Option<Cadence>,
}

/// "Every 3 months".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cadence {
    /// `day`, `week`, `month` or `year`.
    pub(crate) interval: String,
    pub(crate) count: i64,
}

/// A card as typed into a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CardInput {
    /// Digits, with or without spaces.
    pub(crate) number: String,
    /// 1 to 12.
    pub(crate) exp_month: i64,
    /// Four digits, or two.
    pub(crate) exp_year: i64,
    pub(crate) cvc: String,
    /// The cardholder.
    pub(crate) name: String,
    /// Only Checkout asks for it.
    pub(crate) email: Option<String>,
}

/// How giving a card ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// Done: send the browser here.
    Completed { redirect_url: String },
    /// 3-D Secure: show the challenge `/challenge/{challenge}`, whose answer goes to [`finish_challenge`].
    ActionRequired { challenge: String },
    /// Refused; the form can be sent again.
    Declined(Refusal),
}

/// Why a card was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// For the customer.
    pub(crate) message: String,
    pub(crate) code: String,
    pub(crate) decline_code: Option<String>,
    /// The field at fault: `number`, `exp_month`, `exp_year`, `cvc`, `email`, `name`.
    pub(crate) param: Option<String>,
}

/// What a challenge page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChallengePage {
    pub(crate) merchant: String,
    /// Minor units; none when a card is only set up.
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) last4: String,
    /// Where a failed or abandoned challenge leads back to.
    pub(crate) back_url: String,
}

/// Loads the session whose page this is. An unknown secret is a 404 error.
pub(crate) async fn load(sandbox: &Sandbox, secret: &str) -> Result<CheckoutPage, ApiError> {
    let _ = (sandbox, secret);
    Err(ApiError::internal("unfinished"))
}

/// Pays (or sets up) the session with a card. A session that is complete or expired is an error.
pub(crate) async fn submit(
    sandbox: &Sandbox,
    secret: &str,
    card: CardInput,
) -> Result<Outcome, ApiError> {
    let _ = (sandbox, secret, card);
    Err(ApiError::internal("unfinished"))
}

/// Loads a challenge, of Checkout or of the portal.
pub(crate) async fn load_challenge(
    sandbox: &Sandbox,
    challenge: &str,
) -> Result<ChallengePage, ApiError> {
    let _ = (sandbox, challenge);
    Err(ApiError::internal("unfinished"))
}

/// Answers a challenge, of Checkout or of the portal: `passed` or failed. Failing it is [`Outcome::Declined`].
pub(crate) async fn finish_challenge(
    sandbox: &Sandbox,
    challenge: &str,
    passed: bool,
) -> Result<Outcome, ApiError> {
    let _ = (sandbox, challenge, passed);
    Err(ApiError::internal("unfinished"))
}
