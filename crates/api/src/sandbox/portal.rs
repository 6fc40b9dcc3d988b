//! The Customer Portal's side of billing: everything its pages show and do.
//!
//! The page lives at `/portal/{secret}`; `secret` is the unguessable word in the portal session's `url`.
//! Every operation commits its changes and their events together; the events have no request id.

mod actions;
mod page;
mod plan;
pub(crate) mod view;

use self::actions::Visit;
pub(crate) use self::page::*;
use super::{
    Sandbox,
    checkout::{CardInput, Outcome},
    error::ApiError,
    object::{Kind, Object},
    payment::Presence,
    store::{Origin, Tx},
};

/// Seconds a session can be used, by the sandbox's clock.
const LASTS: i64 = 3_600;

/// Loads the portal. An unknown secret is a 404 error, an expired session a 403.
pub(crate) async fn load(sandbox: &Sandbox, secret: &str) -> Result<PortalPage, ApiError> {
    sandbox.store.read(|tx| {
        let visit = visit_by_secret(tx, secret)?;
        view::page(tx, &visit)
    })
}

/// What [`change_plan`] would cost now.
pub(crate) async fn preview_change(
    sandbox: &Sandbox,
    secret: &str,
    subscription: &str,
    wanted: &WantedChange,
) -> Result<ChangePreview, ApiError> {
    sandbox.store.read(|tx| {
        let visit = visit_by_secret(tx, secret)?;
        plan::preview(tx, &visit, subscription, wanted)
    })
}

/// Changes the plan. With `always_invoice` in the configuration the difference is charged at once;
/// a decline (`card_error`) leaves the plan as it was.
pub(crate) async fn change_plan(
    sandbox: &Sandbox,
    secret: &str,
    subscription: &str,
    wanted: WantedChange,
) -> Result<(), ApiError> {
    let subscription = subscription.to_owned();
    act(sandbox, secret, move |tx, visit| plan::change(tx, visit, &subscription, &wanted)).await
}

/// Pauses a subscription for one of the lengths that the configuration offers.
pub(crate) async fn pause(
    sandbox: &Sandbox,
    secret: &str,
    subscription: &str,
    option: usize,
) -> Result<(), ApiError> {
    let subscription = subscription.to_owned();
    act(sandbox, secret, move |tx, visit| actions::pause(tx, visit, &subscription, option)).await
}

/// Goes on with a paused subscription.
pub(crate) async fn unpause(
    sandbox: &Sandbox,
    secret: &str,
    subscription: &str,
) -> Result<(), ApiError> {
    let subscription = subscription.to_owned();
    act(sandbox, secret, move |tx, visit| actions::unpause(tx, visit, &subscription)).await
}

/// Takes the coupon that the session's flow offers to those who stay.
pub(crate) async fn accept_retention(sandbox: &Sandbox, secret: &str) -> Result<(), ApiError> {
    act(sandbox, secret, actions::accept_retention).await
}

/// Cancels, as the configuration says: at once or at the period's end.
pub(crate) async fn cancel(
    sandbox: &Sandbox,
    secret: &str,
    subscription: &str,
    reason: Option<String>,
    comment: Option<String>,
) -> Result<(), ApiError> {
    let subscription = subscription.to_owned();
    act(sandbox, secret, move |tx, visit| {
        actions::cancel(tx, visit, &subscription, reason, comment)
    })
    .await
}

/// Takes a planned cancellation back.
pub(crate) async fn undo_cancel(
    sandbox: &Sandbox,
    secret: &str,
    subscription: &str,
) -> Result<(), ApiError> {
    let subscription = subscription.to_owned();
    act(sandbox, secret, move |tx, visit| actions::undo_cancel(tx, visit, &subscription)).await
}

/// Saves a card; the customer's first, and one added by a `payment_method_update` flow, becomes the default.
pub(crate) async fn add_payment_method(
    sandbox: &Sandbox,
    secret: &str,
    card: CardInput,
) -> Result<Outcome, ApiError> {
    act(sandbox, secret, move |tx, visit| actions::add_payment_method(tx, visit, &card)).await
}

/// Makes a saved card the one that invoices are charged to.
pub(crate) async fn set_default_payment_method(
    sandbox: &Sandbox,
    secret: &str,
    payment_method: &str,
) -> Result<(), ApiError> {
    let method = payment_method.to_owned();
    act(sandbox, secret, move |tx, visit| actions::set_default_payment_method(tx, visit, &method))
        .await
}

/// Detaches a saved card.
pub(crate) async fn remove_payment_method(
    sandbox: &Sandbox,
    secret: &str,
    payment_method: &str,
) -> Result<(), ApiError> {
    let method = payment_method.to_owned();
    act(sandbox, secret, move |tx, visit| actions::remove_payment_method(tx, visit, &method)).await
}

/// Changes billing information, as far as `customer_update` allows.
pub(crate) async fn update_billing_info(
    sandbox: &Sandbox,
    secret: &str,
    info: BillingInfo,
) -> Result<(), ApiError> {
    act(sandbox, secret, move |tx, visit| actions::update_billing_info(tx, visit, info)).await
}

/// Saves a card whose challenge has been answered.
pub(super) fn save_card(
    tx: &mut Tx<'_>,
    session: &str,
    method: Object,
    presence: Presence,
) -> Result<Outcome, ApiError> {
    let session = tx.get(Kind::BillingPortalSession, session, "session")?;
    let visit = visit(tx, session)?;
    actions::save_card(tx, &visit, method, presence)
}

async fn act<T: Send + 'static>(
    sandbox: &Sandbox,
    secret: &str,
    work: impl FnOnce(&mut Tx<'_>, &Visit) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let secret = secret.to_owned();
    let work = move |tx: &mut Tx<'_>| {
        let visit = visit_by_secret(tx, &secret)?;
        work(tx, &visit)
    };
    sandbox.store.write(Origin::default(), work).await
}

fn visit_by_secret(tx: &mut Tx<'_>, secret: &str) -> Result<Visit, ApiError> {
    let found = tx.find_by_lookup(Kind::BillingPortalSession, secret)?;
    let session = found.ok_or_else(|| {
        ApiError::no_such(Kind::BillingPortalSession, secret, "session").in_path()
    })?;
    visit(tx, session)
}

fn visit(tx: &mut Tx<'_>, session: Object) -> Result<Visit, ApiError> {
    let expired =
        session.integer("created").is_none_or(|created| created + LASTS < tx.sandbox_now());
    if expired {
        return Err(ApiError::forbidden("This portal session has expired."));
    }
    let configuration = session.text("configuration").unwrap_or_default().to_owned();
    let customer = session.text("customer").unwrap_or_default().to_owned();
    let customer = tx.get(Kind::Customer, &customer, "customer")?;
    tx.follow_clock_of(&session)?;
    if customer.body["deleted"] == true {
        return Err(ApiError::forbidden("This portal session has expired."));
    }
    Ok(Visit {
        configuration: tx.get(Kind::BillingPortalConfiguration, &configuration, "configuration")?,
        customer,
        session,
    })
}
