//! The membership: plan, billing, private feed.

mod feed;
mod history;
mod plan;

use yew::prelude::*;

use super::gate::use_listener;
use crate::{
    session::use_client,
    ui::{
        action::{Done, Work, use_action},
        button::Button,
        notice::MembershipNotice,
        placeholder::Skeleton,
    },
};

/// The account page.
#[component]
pub(crate) fn Account() -> Html {
    let client = use_client();
    let log_out = use_action(move |()| -> Work {
        let client = client.clone();
        Box::pin(async move { client.log_out().await.map(|()| Done::Stay) })
    });
    let Some(account) = use_listener() else {
        return html! {
            <div class="page">
                <h1 class="h2">{ "Your membership" }</h1>
                <div class="two">
                    <div class="card"><Skeleton lines={6} /></div>
                    <div class="card"><Skeleton lines={4} /></div>
                </div>
            </div>
        };
    };
    html! {
        <div class="page">
            <MembershipNotice />
            <div class="section-head">
                <div><h1 class="h2">{ "Your membership" }</h1><p class="soft">{ &account.email }</p></div>
                <Button class="quiet" busy={log_out.busy} onclick={log_out.run.clone()}>{ "Log out" }</Button>
            </div>
            if !account.deletion_pending {
                <div class="two">
                    <plan::PlanCard account={account.clone()} />
                    <feed::FeedCard />
                </div>
                if account.stripe_customer_id.is_some() {
                    <history::BillingHistory {account} />
                }
            }
        </div>
    }
}
