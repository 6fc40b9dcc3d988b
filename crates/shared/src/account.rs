//! Accounts, sessions and the access they carry.

use serde::{Deserialize, Serialize};

/// Body of register and log in.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Credentials {
    /// Any case; kept lower-cased.
    pub email: String,
    /// At least twelve characters.
    pub password: String,
}

/// Answer of register, log in and refresh; the refresh cookie comes beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Session {
    /// The bearer token.
    pub token: String,
    /// Seconds until the token expires.
    pub expires_in: u64,
    /// Whose session it is.
    pub account: Account,
}

/// The signed-in account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Account {
    /// Our id.
    pub id: String,
    /// The login address, lower-cased.
    pub email: String,
    /// Whether the address was confirmed by mail.
    pub email_verified: bool,
    /// The address it gets once that is confirmed; absent when it keeps its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_email: Option<String>,
    /// Unix seconds.
    pub created_at: i64,
    /// `cus_…`; null before the first Checkout.
    pub stripe_customer_id: Option<String>,
    /// The plan of the subscription that counts, whatever its status; null without one.
    pub plan: Option<String>,
    /// Stripe's word; `incomplete` before the first payment.
    pub subscription_status: String,
    /// The decision.
    pub access: Access,
    /// End of the paid period, Unix seconds.
    pub current_period_end: Option<i64>,
    /// When a cancelled subscription ends or ended, Unix seconds.
    pub ends_at: Option<i64>,
    /// End of the trial, Unix seconds.
    pub trial_end: Option<i64>,
    /// Set while a payment is outstanding.
    pub payment_problem: Option<PaymentProblem>,
    /// The account waits to be deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deletion_pending: bool,
}

/// Whether, and how far, a listener may listen now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Access {
    /// Whether the plan's episodes open.
    pub allowed: bool,
    /// The plan whose episodes open; null when not allowed.
    pub plan: Option<String>,
    /// When the decision changes by itself, Unix seconds.
    pub until: Option<i64>,
    /// The rule that decided, a stable word: `active`, `trialing`, `grace`, `granted`,
    /// `no_subscription`, `ended`, `unpaid`, `paused`, `incomplete`, `stale`, `unknown_product`, …
    pub reason: String,
}

/// A payment that did not go through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct PaymentProblem {
    /// `past_due`, `unpaid` or `incomplete`.
    pub kind: String,
    /// When access ends unless it is paid, Unix seconds.
    pub deadline: Option<i64>,
}

/// Answer of `GET /api/auth/sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Sessions {
    /// The account's sessions, newest first.
    pub sessions: Vec<SessionInfo>,
}

/// One place where the account is logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct SessionInfo {
    /// The session's id.
    pub id: String,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub last_seen_at: i64,
    /// As the browser named itself.
    pub user_agent: String,
    /// The session that asks.
    pub current: bool,
}

/// Body of forgot password.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct ForgotPassword {
    /// The login address, in any case. Whether it has an account is not told.
    pub email: String,
}

/// Body of check link.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct CheckLink {
    /// What the mailed link carries in its query as `token`.
    pub token: String,
}

/// Body of reset password.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct ResetPassword {
    /// What the mailed link carries in its query as `token`.
    pub token: String,
    /// The new password, at least twelve characters.
    pub password: String,
}

/// Body of verify e-mail: confirms the address of an account, a new address for it, or a registration.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct VerifyEmail {
    /// What the mailed link carries in its query as `token`.
    pub token: String,
}

/// Answer of register where it must not tell whether an address has an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct NextStep {
    /// `check_email`: a mail says how to go on.
    pub next: String,
}

/// Body of `DELETE /api/me`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct DeleteAccount {
    /// The present password.
    pub current_password: String,
}

/// Body of `PATCH /api/me`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct ChangeAccount {
    /// A new login address; it takes effect once it is confirmed. The present one takes a change back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A new password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The present password.
    pub current_password: String,
}
