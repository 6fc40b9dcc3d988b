//! Going to Checkout and to the Customer Portal, and coming back.

use shared::{
    billing::{CheckoutResult, RedirectUrl},
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
    /// The body that asks for it.
    fn fields(&self) -> [(&'static str, Option<&str>); 3] {
        let flow = |name| [("flow", Some(name)), ("plan", None), ("interval", None)];
        match self {
            Self::Home => [("flow", None), ("plan", None), ("interval", None)],
            Self::UpdateCard => flow("payment_method_update"),
            Self::CancelPlan => flow("subscription_cancel"),
            Self::ChangePlan => flow("subscription_update"),
            Self::ConfirmChange(Choice { plan, interval }) => [
                ("flow", Some("subscription_update_confirm")),
                ("plan", Some(plan)),
                ("interval", Some(interval.as_str())),
            ],
        }
    }
}

/// Where the cost of a change to `choice` is read.
pub(crate) fn preview_path(choice: &Choice) -> String {
    let plan: String = form_urlencoded::byte_serialize(choice.plan.as_bytes()).collect();
    format!("{}?plan={plan}&interval={}", paths::CHANGE_PREVIEW, choice.interval.as_str())
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
        let Choice { plan, interval } = choice;
        let fields = [("plan", Some(plan.as_str())), ("interval", Some(interval.as_str()))];
        let call = Call::post_json(paths::CHECKOUT_SESSION, &fields);
        self.fetch::<RedirectUrl>(call).await.map(|redirect| redirect.url)
    }

    /// The address of a page of the portal.
    pub(crate) async fn open_portal(&self, page: PortalPage) -> Result<String, ApiError> {
        let call = Call::post_json(paths::PORTAL_SESSION, &page.fields());
        self.fetch::<RedirectUrl>(call).await.map(|redirect| redirect.url)
    }

    /// Goes on with a paused plan, which is charged at once.
    pub(crate) async fn resume(&self) -> Result<(), ApiError> {
        self.account_changed(self.fetch(Call::post(paths::RESUME)).await?);
        Ok(())
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
    use crate::json;

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
            assert_eq!(json::object(&page.fields()), body);
        }
    }
}
