//! To Stripe and back.

use actix_web::{
    http::StatusCode,
    web::{Data, Json as Answer, Query},
};
use serde::Deserialize;
use shared::{
    account::Account,
    billing::{
        ChangePreview, CheckoutResult, Invoices, OpenInvoiceAnswer, OpenPortal, RedirectUrl,
        StartCheckout, SubscriptionAnswer,
    },
    error::ErrorCode,
    plans::Interval,
};

use super::{
    body::{Json, OptionalJson},
    error::ApiError,
    name::Named,
    signed_in::{AtPortal, SignedIn},
};
use crate::{
    account::Accounts,
    billing::{Billing, BillingError},
    stripe,
};

/// `POST /api/billing/checkout-session`
pub(super) async fn start_checkout(
    SignedIn(who): SignedIn,
    billing: Data<Billing>,
    Json(wanted): Json<StartCheckout>,
) -> Result<Answer<RedirectUrl>, ApiError> {
    match billing.start_checkout(&who.user.id, &wanted).await {
        Ok(url) => Ok(Answer(RedirectUrl { url })),
        // Who was about to pay must not wonder whether they have.
        Err(error @ BillingError::Stripe(_)) => {
            Err(ApiError::from(error).with_words("Nothing was charged."))
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /api/billing/checkout-session/{id}`
pub(super) async fn checkout_result(
    SignedIn(who): SignedIn,
    billing: Data<Billing>,
    accounts: Data<Accounts>,
    Named(session): Named,
) -> Result<Answer<CheckoutResult>, ApiError> {
    let returned = billing.finish_checkout(&who.user.id, &session).await?;
    let account = accounts.account(&who.user.id).await?;
    Ok(Answer(CheckoutResult {
        status: returned.status,
        payment_status: returned.payment_status,
        account,
    }))
}

/// `POST /api/billing/portal-session`
pub(super) async fn open_portal(
    AtPortal { who, configuration }: AtPortal,
    billing: Data<Billing>,
    OptionalJson(wanted): OptionalJson<OpenPortal>,
) -> Result<Answer<RedirectUrl>, ApiError> {
    let wanted = wanted.unwrap_or_default();
    let url = billing.open_portal(&who.user, configuration, &wanted).await?;
    Ok(Answer(RedirectUrl { url }))
}

/// `POST /api/billing/resume`
pub(super) async fn resume(
    SignedIn(who): SignedIn,
    billing: Data<Billing>,
    accounts: Data<Accounts>,
) -> Result<Answer<Account>, ApiError> {
    billing.resume(&who.user.id).await?;
    Ok(Answer(accounts.account(&who.user.id).await?))
}

/// `GET /api/billing/subscription`
pub(super) async fn subscription(
    SignedIn(who): SignedIn,
    billing: Data<Billing>,
) -> Result<Answer<SubscriptionAnswer>, ApiError> {
    Ok(Answer(billing.subscription(&who.user.id).await?))
}

/// `GET /api/billing/open-invoice`
pub(super) async fn open_invoice(
    SignedIn(who): SignedIn,
    billing: Data<Billing>,
) -> Result<Answer<OpenInvoiceAnswer>, ApiError> {
    Ok(Answer(billing.open_invoice(&who.user.id).await?))
}

/// Which invoices.
#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<u32>,
    starting_after: Option<String>,
}

/// `GET /api/billing/invoices`
pub(super) async fn invoices(
    SignedIn(who): SignedIn,
    billing: Data<Billing>,
    page: Query<Page>,
) -> Result<Answer<Invoices>, ApiError> {
    let Page { limit, starting_after } = page.into_inner();
    Ok(Answer(billing.invoices(&who.user.id, limit, starting_after).await?))
}

/// Which change.
#[derive(Deserialize)]
pub(super) struct Change {
    plan: String,
    #[serde(default)]
    interval: Interval,
}

/// `GET /api/billing/change-preview`
pub(super) async fn change_preview(
    SignedIn(who): SignedIn,
    billing: Data<Billing>,
    change: Query<Change>,
) -> Result<Answer<ChangePreview>, ApiError> {
    Ok(Answer(billing.change_preview(&who.user.id, &change.plan, change.interval).await?))
}

impl From<BillingError> for ApiError {
    fn from(error: BillingError) -> Self {
        match error {
            BillingError::PlanNotFound => {
                Self::new(ErrorCode::PlanNotFound, "There is no such plan for this interval.")
                    .field("plan")
            }
            BillingError::MissingPlan => {
                Self::new(ErrorCode::MissingField, "This flow needs the plan to change to.")
                    .field("plan")
            }
            BillingError::AlreadySubscribed => Self::new(
                ErrorCode::AlreadySubscribed,
                "You have a subscription already; change it in the portal.",
            ),
            BillingError::NoCustomer => Self::new(
                ErrorCode::NoCustomer,
                "There is nothing to manage yet: choose a plan first.",
            ),
            BillingError::UnknownFlow => {
                Self::new(ErrorCode::UnknownFlow, "There is no such portal flow.").field("flow")
            }
            BillingError::FlowNotAvailable(reason) => {
                Self::new(ErrorCode::FlowNotAvailable, reason)
            }
            BillingError::UnknownSession => Self::not_found(),
            BillingError::UnknownInvoice => {
                Self::new(ErrorCode::InvalidParameter, "There is no such invoice to begin after.")
                    .field("starting_after")
            }
            BillingError::DeletionPending => {
                Self::new(ErrorCode::DeletionPending, "The account is being deleted.")
            }
            BillingError::Busy => Self::new(
                ErrorCode::Overloaded,
                "Another request of yours is on its way to Stripe.",
            )
            .retry_after(2),
            BillingError::RateLimited { retry_after } => {
                Self::new(ErrorCode::RateLimited, "Too many tries. Come back a little later.")
                    .retry_after(retry_after)
            }
            BillingError::Stripe(stripe::Error::Refused(wait)) => Self::new(
                ErrorCode::StripeUnavailable,
                "The payment provider is not available right now. Try again in a moment.",
            )
            .status(StatusCode::SERVICE_UNAVAILABLE)
            .retry_after(wait.as_secs() + 1),
            BillingError::Stripe(error) => Self::new(
                ErrorCode::StripeUnavailable,
                "The payment provider did not answer. Try again in a moment.",
            )
            .caused_by(error),
            BillingError::Db(error) => error.into(),
            BillingError::Conflict => Self::internal(error),
        }
    }
}
