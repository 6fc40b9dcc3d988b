//! What the sandbox keeps: one canonical JSON object per resource, in the shape of the newest API version.

use rand::RngExt;
use serde_json::{Map, Value, json};

/// The kinds of object, each with Stripe's name for it and its id prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    BalanceTransaction,
    BillingPortalConfiguration,
    BillingPortalSession,
    /// A 3-D Secure challenge that waits for its answer. Ours alone: Stripe shows none of it.
    Challenge,
    Charge,
    CheckoutSession,
    Coupon,
    Customer,
    CustomerBalanceTransaction,
    Discount,
    Dispute,
    Event,
    Invoice,
    InvoiceItem,
    InvoicePayment,
    PaymentIntent,
    PaymentMethod,
    Price,
    Product,
    PromotionCode,
    Refund,
    SetupIntent,
    Subscription,
    /// Points at the subscription (its `parent`) that holds the item.
    SubscriptionItem,
    SubscriptionSchedule,
    TaxId,
    TaxRate,
    TestClock,
    /// A card on its way to a payment method.
    Token,
    WebhookEndpoint,
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: &[Kind] = &[
        Kind::BalanceTransaction,
        Kind::BillingPortalConfiguration,
        Kind::BillingPortalSession,
        Kind::Challenge,
        Kind::Charge,
        Kind::CheckoutSession,
        Kind::Coupon,
        Kind::Customer,
        Kind::CustomerBalanceTransaction,
        Kind::Discount,
        Kind::Dispute,
        Kind::Event,
        Kind::Invoice,
        Kind::InvoiceItem,
        Kind::InvoicePayment,
        Kind::PaymentIntent,
        Kind::PaymentMethod,
        Kind::Price,
        Kind::Product,
        Kind::PromotionCode,
        Kind::Refund,
        Kind::SetupIntent,
        Kind::Subscription,
        Kind::SubscriptionItem,
        Kind::SubscriptionSchedule,
        Kind::TaxId,
        Kind::TaxRate,
        Kind::TestClock,
        Kind::Token,
        Kind::WebhookEndpoint,
    ];

    /// The `object` field.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::BalanceTransaction => "balance_transaction",
            Kind::BillingPortalConfiguration => "billing_portal.configuration",
            Kind::BillingPortalSession => "billing_portal.session",
            Kind::Challenge => "challenge",
            Kind::Charge => "charge",
            Kind::CheckoutSession => "checkout.session",
            Kind::Coupon => "coupon",
            Kind::Customer => "customer",
            Kind::CustomerBalanceTransaction => "customer_balance_transaction",
            Kind::Discount => "discount",
            Kind::Dispute => "dispute",
            Kind::Event => "event",
            Kind::Invoice => "invoice",
            Kind::InvoiceItem => "invoiceitem",
            Kind::InvoicePayment => "invoice_payment",
            Kind::PaymentIntent => "payment_intent",
            Kind::PaymentMethod => "payment_method",
            Kind::Price => "price",
            Kind::Product => "product",
            Kind::PromotionCode => "promotion_code",
            Kind::Refund => "refund",
            Kind::SetupIntent => "setup_intent",
            Kind::Subscription => "subscription",
            Kind::SubscriptionItem => "subscription_item",
            Kind::SubscriptionSchedule => "subscription_schedule",
            Kind::TaxId => "tax_id",
            Kind::TaxRate => "tax_rate",
            Kind::TestClock => "test_helpers.test_clock",
            Kind::Token => "token",
            Kind::WebhookEndpoint => "webhook_endpoint",
        }
    }

    /// What Stripe calls it in "No such …" messages.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Kind::BillingPortalConfiguration => "configuration",
            Kind::BillingPortalSession => "billing portal session",
            Kind::CheckoutSession => "checkout.session",
            Kind::PaymentMethod => "PaymentMethod",
            Kind::PromotionCode => "promotion code",
            Kind::SubscriptionSchedule => "subscription schedule",
            Kind::TaxId => "tax ID",
            Kind::TaxRate => "tax rate",
            Kind::TestClock => "test clock",
            Kind::WebhookEndpoint => "webhook endpoint",
            other => other.name(),
        }
    }

    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Kind::BalanceTransaction => "txn_",
            Kind::BillingPortalConfiguration => "bpc_",
            Kind::BillingPortalSession => "bps_",
            Kind::Challenge => "tds_",
            Kind::Charge => "ch_",
            Kind::CheckoutSession => "cs_test_",
            Kind::Coupon => "",
            Kind::Customer => "cus_",
            Kind::CustomerBalanceTransaction => "cbtxn_",
            Kind::Discount => "di_",
            Kind::Dispute => "du_",
            Kind::Event => "evt_",
            Kind::Invoice => "in_",
            Kind::InvoiceItem => "ii_",
            Kind::InvoicePayment => "inpay_",
            Kind::PaymentIntent => "pi_",
            Kind::PaymentMethod => "pm_",
            Kind::Price => "price_",
            Kind::Product => "prod_",
            Kind::PromotionCode => "promo_",
            Kind::Refund => "re_",
            Kind::SetupIntent => "seti_",
            Kind::Subscription => "sub_",
            Kind::SubscriptionItem => "si_",
            Kind::SubscriptionSchedule => "sub_sched_",
            Kind::TaxId => "txi_",
            Kind::TaxRate => "txr_",
            Kind::TestClock => "clock_",
            Kind::Token => "tok_",
            Kind::WebhookEndpoint => "we_",
        }
    }

    /// A fresh id of this kind.
    pub(crate) fn new_id(self) -> String {
        let length = match self {
            Kind::CheckoutSession => 58,
            Kind::Customer | Kind::Product | Kind::SubscriptionItem => 14,
            Kind::Challenge => 32,
            Kind::Coupon => 8,
            _ => 24,
        };
        format!("{}{}", self.prefix(), random_word(length))
    }
}

/// Letters and digits from the operating system's random source: ids, and secrets in URLs.
pub(crate) fn random_word(length: usize) -> String {
    rand::rng().sample_iter(rand::distr::Alphanumeric).take(length).map(char::from).collect()
}

/// One resource: the JSON that the API shows, and what the sandbox keeps beside it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object {
    pub(crate) kind: Kind,
    pub(crate) id: String,
    /// What the API answers, at 2026-10-28.endive.
    pub(crate) body: Value,
    /// What Stripe keeps to itself: the card behind a payment method, the secret in a page's URL.
    pub(crate) private: Value,
}

impl Object {
    /// A new object: `fields` (a JSON object) with `id`, `object`, `created` and `livemode` in front.
    pub(crate) fn new(kind: Kind, now: i64, fields: Value) -> Object {
        Object::with_id(kind, kind.new_id(), now, fields)
    }

    /// As [`Object::new`], with an id the caller chose.
    pub(crate) fn with_id(kind: Kind, id: String, now: i64, fields: Value) -> Object {
        let mut body =
            json!({ "id": id, "object": kind.name(), "created": now, "livemode": false });
        if let (Some(target), Value::Object(fields)) = (body.as_object_mut(), fields) {
            target.extend(fields);
        }
        Object { kind, id, body, private: Value::Object(Map::new()) }
    }

    /// The same object with `private` beside it.
    pub(crate) fn with_private(mut self, private: Value) -> Object {
        self.private = private;
        self
    }

    /// A string field of the body; `None` when absent or not a string.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.body[field].as_str()
    }

    /// An integer field of the body; `None` when absent or not an integer.
    pub(crate) fn integer(&self, field: &str) -> Option<i64> {
        self.body[field].as_i64()
    }

    /// Whether the body's field is `true`.
    pub(crate) fn is(&self, field: &str) -> bool {
        self.body[field] == true
    }

    /// The columns that lists and look-ups go by.
    pub(crate) fn index(&self) -> Index {
        let text =
            |pointer: &str| self.body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let secret = || self.private["secret"].as_str().map(str::to_owned);
        let (parent, lookup) = match self.kind {
            Kind::Price => (text("/product"), text("/lookup_key")),
            Kind::Customer => (text("/test_clock"), text("/email")),
            Kind::CheckoutSession => (text("/subscription"), secret()),
            Kind::BillingPortalSession | Kind::Challenge => (None, secret()),
            Kind::Invoice => (text("/parent/subscription_details/subscription"), secret()),
            Kind::InvoiceItem => (text("/invoice"), None),
            Kind::InvoicePayment => (text("/invoice"), text("/payment/payment_intent")),
            Kind::Charge => (text("/payment_intent"), None),
            Kind::SubscriptionItem | Kind::SubscriptionSchedule => (text("/subscription"), None),
            Kind::Discount => (text("/subscription"), None),
            // Codes are the same in any case.
            Kind::PromotionCode => {
                (text("/promotion/coupon"), text("/code").map(|code| code.to_lowercase()))
            }
            Kind::Dispute | Kind::Refund => (text("/charge"), text("/payment_intent")),
            Kind::Event => (text("/data/object/id"), text("/type")),
            _ => (None, None),
        };
        let customer = if self.kind == Kind::Customer { None } else { text("/customer") };
        Index { customer, parent, lookup, status: text("/status") }
    }
}

/// Column values taken from an object's body, so that they cannot disagree with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Index {
    pub(crate) customer: Option<String>,
    pub(crate) parent: Option<String>,
    pub(crate) lookup: Option<String>,
    pub(crate) status: Option<String>,
}
