//! The Customer Portal's side of billing: everything its pages show and do.
//!
//! The page lives at `/portal/{secret}`; `secret` is the unguessable word in the portal session's `url`.
//! Every operation commits its changes and their events together; the events have no request id.

mod actions;
pub(crate) mod view;

use self::actions::Visit;
use super::{
    Sandbox,
    checkout::{Cadence, CardInput, Outcome},
    error::ApiError,
    object::{Kind, Object},
    payment::Presence,
    store::{Origin, Tx},
};

/// Seconds a session can be used, by the sandbox's clock.
const LASTS: i64 = 3_600;

/// What the portal shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PortalPage {
    /// `bps_…`
    pub(crate) id: String,
    pub(crate) merchant: String,
    pub(crate) business: Business,
    pub(crate) features: Features,
    /// A single task the session was opened for; none opens the home.
    pub(crate) flow: Option<Flow>,
    pub(crate) return_url: Option<String>,
    pub(crate) customer: PortalCustomer,
    /// Those not ended, newest first.
    pub(crate) subscriptions: Vec<PortalSubscription>,
    pub(crate) payment_methods: Vec<PortalPaymentMethod>,
    /// Newest first; drafts are left out.
    pub(crate) invoices: Vec<PortalInvoice>,
    /// What `subscription_update` offers, in the configuration's order.
    pub(crate) offers: Vec<Offer>,
}

/// The configuration's `business_profile`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Business {
    pub(crate) headline: Option<String>,
    pub(crate) privacy_policy_url: Option<String>,
    pub(crate) terms_of_service_url: Option<String>,
}

/// The configuration's features that are on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Features {
    /// Among `address`, `email`, `name`, `phone`, `shipping`, `tax_id`; empty when the feature is off.
    pub(crate) customer_update: Vec<String>,
    pub(crate) invoice_history: bool,
    pub(crate) payment_method_update: bool,
    pub(crate) subscription_cancel: Option<CancelFeature>,
    pub(crate) subscription_update: bool,
}

/// How subscriptions may be cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CancelFeature {
    pub(crate) when: CancelWhen,
    /// Reasons to offer (`too_expensive`, `unused`, …); empty when none are asked for.
    pub(crate) reasons: Vec<String>,
}

/// When a cancellation takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CancelWhen {
    Immediately,
    AtPeriodEnd,
}

/// `flow_data` of the session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Flow {
    pub(crate) task: Task,
    /// What comes after; the portal's home unless the session says otherwise.
    pub(crate) after: AfterFlow,
}

/// The one thing the customer came for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Task {
    CustomerUpdate,
    PaymentMethodUpdate,
    SubscriptionCancel { subscription: String },
    SubscriptionPause { subscription: String },
    SubscriptionUpdate { subscription: String },
    SubscriptionUpdateConfirm { subscription: String, price: String, quantity: i64 },
}

/// `flow_data.after_completion`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AfterFlow {
    PortalHomepage,
    Redirect { url: String },
    HostedConfirmation { message: Option<String> },
}

/// Billing information.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PortalCustomer {
    pub(crate) id: String,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) address: Option<Address>,
    /// Minor units; below zero is credit that the next invoices use up.
    pub(crate) balance: i64,
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Address {
    pub(crate) line1: Option<String>,
    pub(crate) line2: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) postal_code: Option<String>,
    /// Two letters.
    pub(crate) country: Option<String>,
}

/// A subscription in the portal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PortalSubscription {
    pub(crate) id: String,
    /// Stripe's word: `active`, `trialing`, `past_due`, …
    pub(crate) status: String,
    /// First of its items; [`Self::is_changeable`] is false when there are more.
    pub(crate) price: String,
    pub(crate) product_name: String,
    pub(crate) product_image: Option<String>,
    pub(crate) quantity: i64,
    /// Minor units for one.
    pub(crate) unit_amount: i64,
    pub(crate) currency: String,
    pub(crate) cadence: Cadence,
    /// Unix seconds.
    pub(crate) current_period_end: i64,
    /// Unix seconds.
    pub(crate) trial_end: Option<i64>,
    /// Unix seconds of a planned end.
    pub(crate) ends_at: Option<i64>,
    /// Whether the plan can be changed here: one item, not ending, the feature on.
    pub(crate) is_changeable: bool,
    /// Its own card, else the customer's default.
    pub(crate) payment_method: Option<String>,
}

/// A saved card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PortalPaymentMethod {
    pub(crate) id: String,
    /// `visa`, `mastercard`, …
    pub(crate) brand: String,
    pub(crate) last4: String,
    pub(crate) exp_month: i64,
    pub(crate) exp_year: i64,
    pub(crate) is_default: bool,
    /// False for the only card of a subscription that goes on.
    pub(crate) is_removable: bool,
}

/// A line of the billing history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PortalInvoice {
    pub(crate) id: String,
    pub(crate) number: Option<String>,
    /// `open`, `paid`, `void` or `uncollectible`.
    pub(crate) status: String,
    pub(crate) total: i64,
    pub(crate) currency: String,
    /// Unix seconds.
    pub(crate) created: i64,
    /// The first line's text.
    pub(crate) description: String,
    /// Its page, `/invoice/{secret}`.
    pub(crate) hosted_invoice_url: Option<String>,
}

/// A price the customer can change to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) price: String,
    pub(crate) product_name: String,
    pub(crate) product_description: Option<String>,
    pub(crate) product_image: Option<String>,
    /// `marketing_features[].name`.
    pub(crate) features: Vec<String>,
    pub(crate) unit_amount: i64,
    pub(crate) currency: String,
    pub(crate) cadence: Cadence,
}

/// What a change of plan costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangePreview {
    pub(crate) currency: String,
    /// Minor units charged at once.
    pub(crate) due_now: i64,
    /// Minor units left as credit when the change is a downgrade; zero or more.
    pub(crate) credit: i64,
    /// Minor units of each renewal.
    pub(crate) recurring_total: i64,
    /// Unix seconds of the next renewal.
    pub(crate) renews_at: i64,
    /// Proration lines: text and amount.
    pub(crate) lines: Vec<(String, i64)>,
}

/// New billing information; `None` leaves a field as it is, an empty text clears it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct BillingInfo {
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) address: Option<Address>,
}

/// Loads the portal. An unknown secret is a 404 error, an expired session a 403.
pub(crate) async fn load(sandbox: &Sandbox, secret: &str) -> Result<PortalPage, ApiError> {
    sandbox.store.read(|tx| {
        let visit = visit_by_secret(tx, secret)?;
        view::page(tx, &visit)
    })
}

/// What [`change_plan`] to `price` would cost now.
pub(crate) async fn preview_change(
    sandbox: &Sandbox,
    secret: &str,
    subscription: &str,
    price: &str,
) -> Result<ChangePreview, ApiError> {
    sandbox.store.read(|tx| {
        let visit = visit_by_secret(tx, secret)?;
        actions::preview_change(tx, &visit, subscription, price)
    })
}

/// Changes the plan. With `always_invoice` in the configuration the difference is charged at once;
/// a decline (`card_error`) leaves the plan as it was.
pub(crate) async fn change_plan(
    sandbox: &Sandbox,
    secret: &str,
    subscription: &str,
    price: &str,
) -> Result<(), ApiError> {
    let (subscription, price) = (subscription.to_owned(), price.to_owned());
    act(sandbox, secret, move |tx, visit| actions::change_plan(tx, visit, &subscription, &price))
        .await
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
