//! Customer Portal sessions: the hosted page where a customer changes things.
//! Source: <https://docs.stripe.com/api/customer_portal/sessions>.

use serde::Deserialize;

use super::{
    form::Params,
    object::{Object, null_default},
    request::Request,
};

/// A portal session.
#[derive(Clone, Debug, Deserialize)]
pub struct PortalSession {
    /// `bps_…`.
    pub id: String,
    /// The hosted page: short-lived, for one person, never to be stored or mailed.
    pub url: String,
    /// Whose it is.
    pub customer: Option<String>,
    /// Unix seconds.
    #[serde(default, deserialize_with = "null_default")]
    pub created: i64,
}

impl Object for PortalSession {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A session to make.
#[derive(Clone, Debug, Default)]
pub struct Create {
    /// Whose portal.
    pub customer: String,
    /// `bpc_…`; the account's default when absent.
    pub configuration: Option<String>,
    /// Where "Return to …" and the end of a flow lead.
    pub return_url: String,
    /// One thing to do instead of the portal's home.
    pub flow: Option<Flow>,
}

/// One thing to do in the portal. Source: <https://docs.stripe.com/customer-management/portal-deep-links>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Change name, address and the like.
    CustomerUpdate,
    /// Add or choose what is charged.
    PaymentMethodUpdate,
    /// Cancel.
    SubscriptionCancel {
        /// `sub_…`.
        subscription: String,
        /// A coupon to offer first.
        retention_coupon: Option<String>,
    },
    /// Pause.
    SubscriptionPause {
        /// `sub_…`.
        subscription: String,
    },
    /// Choose another plan.
    SubscriptionUpdate {
        /// `sub_…`.
        subscription: String,
    },
    /// Confirm this other plan.
    SubscriptionUpdateConfirm {
        /// `sub_…`.
        subscription: String,
        /// `si_…`, its only item.
        item: String,
        /// The price it shall have.
        price: String,
    },
}

impl Flow {
    /// Stripe's word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::CustomerUpdate => "customer_update",
            Self::PaymentMethodUpdate => "payment_method_update",
            Self::SubscriptionCancel { .. } => "subscription_cancel",
            Self::SubscriptionPause { .. } => "subscription_pause",
            Self::SubscriptionUpdate { .. } => "subscription_update",
            Self::SubscriptionUpdateConfirm { .. } => "subscription_update_confirm",
        }
    }

    fn params(self, return_url: &str) -> Params {
        let kind = self.as_str();
        let redirect = Params::new().with("return_url", return_url);
        let params = Params::new().with("type", kind).with(
            "after_completion",
            Params::new().with("type", "redirect").with("redirect", redirect),
        );
        match self {
            Self::CustomerUpdate | Self::PaymentMethodUpdate => params,
            Self::SubscriptionCancel { subscription, retention_coupon } => {
                let offer = retention_coupon.map(|coupon| {
                    Params::new()
                        .with("type", "coupon_offer")
                        .with("coupon_offer", Params::new().with("coupon", coupon))
                });
                params.with(
                    kind,
                    Params::new().with("subscription", subscription).with_some("retention", offer),
                )
            }
            Self::SubscriptionPause { subscription }
            | Self::SubscriptionUpdate { subscription } => {
                params.with(kind, Params::new().with("subscription", subscription))
            }
            Self::SubscriptionUpdateConfirm { subscription, item, price } => {
                let item = Params::new().with("id", item).with("price", price);
                params.with(
                    kind,
                    Params::new().with("subscription", subscription).with("items", [item]),
                )
            }
        }
    }
}

impl Create {
    /// The call, with a fresh key: each session is for one visit.
    pub fn request(self) -> Request<PortalSession> {
        let flow = self.flow.map(|flow| flow.params(&self.return_url));
        Request::post(["billing_portal", "sessions"])
            .params(
                Params::new()
                    .with("customer", self.customer)
                    .with_some("configuration", self.configuration)
                    .with("return_url", self.return_url)
                    .with_some("flow_data", flow),
            )
            .fresh_idempotency_key()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_comes_back_when_it_is_done() {
        let create = Create {
            customer: "cus_1".into(),
            return_url: "http://x/account".into(),
            flow: Some(Flow::SubscriptionUpdateConfirm {
                subscription: "sub_1".into(),
                item: "si_1".into(),
                price: "price_1".into(),
            }),
            ..Default::default()
        };
        assert_eq!(
            create.request().form(),
            "customer=cus_1&return_url=http%3A%2F%2Fx%2Faccount&flow_data[type]=subscription_update_confirm\
             &flow_data[after_completion][type]=redirect\
             &flow_data[after_completion][redirect][return_url]=http%3A%2F%2Fx%2Faccount\
             &flow_data[subscription_update_confirm][subscription]=sub_1\
             &flow_data[subscription_update_confirm][items][0][id]=si_1\
             &flow_data[subscription_update_confirm][items][0][price]=price_1"
        );
    }

    #[test]
    fn who_comes_to_cancel_is_offered_a_coupon() {
        let flow = Flow::SubscriptionCancel {
            subscription: "sub_1".into(),
            retention_coupon: Some("stay".into()),
        };
        let create = Create { customer: "cus_1".into(), flow: Some(flow), ..Default::default() };
        let form = create.request().form();
        let offered = "flow_data[subscription_cancel][subscription]=sub_1\
             &flow_data[subscription_cancel][retention][type]=coupon_offer\
             &flow_data[subscription_cancel][retention][coupon_offer][coupon]=stay";
        assert!(form.ends_with(offered), "{form}");
    }
}
