//! Going to Checkout and to the Customer Portal, and coming back.

use shared::{
    billing::{CheckoutResult, OpenPortal, RedirectUrl, StartCheckout},
    error::ErrorCode,
    paths,
};

use super::{ApiError, Call};
use crate::{route::Choice, session::Client};

/// A page of the Customer Portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PortalPage {
    /// Everything about billing.
    Home,
    /// Add another card.
    UpdateCard,
    /// End the plan.
    CancelPlan,
    /// Choose another plan.
    ChangePlan,
    /// Confirm the change to a plan chosen here.
    ConfirmChange(Choice),
}

impl PortalPage {
    fn request(self) -> OpenPortal {
        let flow = |name: &str| OpenPortal { flow: Some(name.to_owned()), ..OpenPortal::default() };
        match self {
            Self::Home => OpenPortal::default(),
            Self::UpdateCard => flow("payment_method_update"),
            Self::CancelPlan => flow("subscription_cancel"),
            Self::ChangePlan => flow("subscription_update"),
            Self::ConfirmChange(Choice { plan, interval }) => OpenPortal {
                plan: Some(plan),
                interval: Some(interval),
                ..flow("subscription_update_confirm")
            },
        }
    }
}

impl Client {
    /// The hosted page on which the listener gets the plan: Checkout, or for a subscriber the portal,
    /// whatever the page believed when its button was drawn.
    pub(crate) async fn way_to_plan(&self, choice: Choice) -> Result<String, ApiError> {
        match self.start_checkout(choice.clone()).await {
            Err(error) if error.is(ErrorCode::AlreadySubscribed) => {
                self.way_to_change(choice).await
            }
            answer => answer,
        }
    }

    /// The portal's page that confirms a change to `choice`, or its home when nothing would change.
    pub(crate) async fn way_to_change(&self, choice: Choice) -> Result<String, ApiError> {
        match self.open_portal(PortalPage::ConfirmChange(choice)).await {
            Err(error) if error.is(ErrorCode::FlowNotAvailable) => {
                self.open_portal(PortalPage::Home).await
            }
            answer => answer,
        }
    }

    async fn start_checkout(&self, choice: Choice) -> Result<String, ApiError> {
        let body = StartCheckout { plan: choice.plan, interval: choice.interval };
        let call = Call::post_json(paths::CHECKOUT_SESSION, &body);
        self.fetch::<RedirectUrl>(call).await.map(|redirect| redirect.url)
    }

    /// The address of a page of the portal.
    pub(crate) async fn open_portal(&self, page: PortalPage) -> Result<String, ApiError> {
        let call = Call::post_json(paths::PORTAL_SESSION, &page.request());
        self.fetch::<RedirectUrl>(call).await.map(|redirect| redirect.url)
    }

    /// How a Checkout of this listener stands; the account that comes with it is taken over.
    pub(crate) async fn checkout_result(
        &self,
        session_id: &str,
    ) -> Result<CheckoutResult, ApiError> {
        let id: String = form_urlencoded::byte_serialize(session_id.as_bytes()).collect();
        let path = format!("{}/{id}", paths::CHECKOUT_SESSION);
        let result: CheckoutResult = self.fetch(Call::get(&path)).await?;
        self.account_changed(result.account.clone());
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use shared::plans::Interval;

    use super::*;

    #[test]
    fn portal_pages_are_asked_for_in_stripes_words() {
        let choice = Choice { plan: "pro".to_owned(), interval: Interval::Year };
        for (page, body) in [
            (PortalPage::Home, "{}"),
            (PortalPage::UpdateCard, r#"{"flow":"payment_method_update"}"#),
            (PortalPage::CancelPlan, r#"{"flow":"subscription_cancel"}"#),
            (PortalPage::ChangePlan, r#"{"flow":"subscription_update"}"#),
            (
                PortalPage::ConfirmChange(choice),
                r#"{"flow":"subscription_update_confirm","plan":"pro","interval":"year"}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&page.request()).expect("JSON"), body);
        }
    }
}
