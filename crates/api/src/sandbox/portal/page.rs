//! What the portal shows and takes, as plain values.

use crate::sandbox::checkout::Cadence;

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
    pub(crate) subscription_pause: Option<PauseFeature>,
    pub(crate) subscription_update: bool,
    /// Whether promotion codes may be given with a change of plan.
    pub(crate) promotion_codes: bool,
}

/// How subscriptions may be paused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PauseFeature {
    /// Lengths to choose from, as a count of `day`, `week`, `month` or `year`; none pauses until it is resumed.
    pub(crate) options: Vec<(i64, String)>,
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
    SubscriptionCancel {
        subscription: String,
        retention: Option<Retention>,
    },
    SubscriptionPause {
        subscription: String,
    },
    SubscriptionUpdate {
        subscription: String,
    },
    /// An empty price keeps the one there is, as no quantity keeps the number.
    SubscriptionUpdateConfirm {
        subscription: String,
        price: String,
        quantity: Option<i64>,
    },
}

/// What is offered to a customer who is about to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Retention {
    pub(crate) coupon: String,
    /// The coupon in words: `50% off for 3 months`.
    pub(crate) text: String,
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
    /// Minor units for one as a decimal; none where one more does not cost the same.
    pub(crate) unit_amount: Option<String>,
    /// Minor units for all.
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) cadence: Cadence,
    /// Unix seconds.
    pub(crate) current_period_end: i64,
    /// Unix seconds.
    pub(crate) trial_end: Option<i64>,
    /// Unix seconds of a planned end.
    pub(crate) ends_at: Option<i64>,
    /// Unix seconds at which a pause is over by itself.
    pub(crate) resumes_at: Option<i64>,
    /// The least and the most of it that the customer may choose.
    pub(crate) quantity_bounds: Option<(i64, i64)>,
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
    /// Minor units for one as a decimal; none where one more does not cost the same.
    pub(crate) unit_amount: Option<String>,
    /// Minor units for one alone.
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) cadence: Cadence,
}

/// A change of plan that a customer asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct WantedChange {
    pub(crate) price: String,
    /// As it is, when not given.
    pub(crate) quantity: Option<i64>,
    /// A promotion code.
    pub(crate) code: Option<String>,
    /// Unix seconds of the preview that is agreed to: the change costs what it said.
    pub(crate) at: Option<i64>,
}

/// What a change of plan costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangePreview {
    /// Unix seconds that it is reckoned at.
    pub(crate) at: i64,
    /// Whether the change waits for the period's end, as the configuration says of downgrades.
    pub(crate) waits: bool,
    pub(crate) quantity: i64,
    pub(crate) currency: String,
    /// Minor units charged at once.
    pub(crate) due_now: i64,
    /// Minor units left as credit when the change is a downgrade; zero or more.
    pub(crate) credit: i64,
    /// Minor units of each renewal.
    pub(crate) recurring_total: i64,
    /// Whether taxes come on top of that.
    pub(crate) adds_tax: bool,
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
