//! The membership: plan, billing, private feed.

mod feed;
mod history;
mod plan;
mod security;
mod sessions;

use std::rc::Rc;

use yew::prelude::*;

use crate::{
    session::use_client,
    ui::{
        action::{Done, use_action},
        button::Button,
        notice::{OwedNotice, use_owed},
    },
};

#[derive(Properties, PartialEq)]
pub(crate) struct AccountProps {
    pub(crate) account: Rc<shared::account::Account>,
}

/// The account page.
#[component]
pub(crate) fn Account(props: &AccountProps) -> Html {
    let account = &props.account;
    let client = use_client();
    let owed = use_owed(account);
    let log_out = use_action();
    let onclick = {
        let runner = log_out.runner;
        move |()| {
            let client = client.clone();
            runner.run(async move { client.log_out().await.map(|()| Done::Stay) });
        }
    };
    html! {
        <div class="page">
            <OwedNotice account={account.clone()} owed={owed.clone()} />
            <div class="section-head">
                <div><h1 class="h2">{ "Your membership" }</h1><p class="soft">{ &account.email }</p></div>
                <Button class="quiet" busy={log_out.busy} {onclick}>{ "Log out" }</Button>
            </div>
            if !account.deletion_pending {
                <div class="two membership">
                    <plan::PlanCard account={account.clone()} {owed} />
                    <feed::FeedCard />
                    if account.stripe_customer_id.is_some() {
                        <history::BillingHistory account={account.clone()} />
                    }
                </div>
                <div class="two even">
                    <security::Security account={account.clone()} />
                    <sessions::SessionList />
                </div>
            }
        </div>
    }
}
