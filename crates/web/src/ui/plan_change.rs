//! The plans for a listener: to Checkout with the first, and for a change first what it costs.

use std::rc::Rc;

use shared::{
    account::Account,
    billing::{ChangePreview, SubscriptionAnswer},
    error::ErrorCode,
    paths,
};
use yew::prelude::*;

use crate::{
    api::billing::preview_path,
    format, membership,
    offer::{self, Step},
    plan_list::use_plan_list,
    resource::{Resource, use_resource},
    route::Choice,
    session::use_client,
    ui::{
        action::{Done, use_action},
        button::{Button, action_error},
        dialog::Dialog,
        placeholder::skeleton,
        plan_cards::{Offered, PlanCards, Way},
    },
};

#[derive(Properties, PartialEq)]
pub(crate) struct ListenerPlansProps {
    pub(crate) account: Rc<Account>,
    pub(crate) heading: AttrValue,
    #[prop_or_default]
    pub(crate) page_heading: bool,
}

/// The plans, with the listener's own marked.
#[component]
pub(crate) fn ListenerPlans(props: &ListenerPlansProps) -> Html {
    let account = &props.account;
    let subscriber = membership::is_live(&account.subscription_status);
    let fetched = use_resource::<SubscriptionAnswer>(
        subscriber.then(|| paths::SUBSCRIPTION.to_owned()),
        Some(account.clone()),
    );
    let subscription =
        fetched.resource.ready().filter(|_| subscriber).and_then(|it| it.subscription.clone());
    let changing = use_state_eq(|| None::<Choice>);
    let paid_by = subscription.as_ref().and_then(|it| it.interval);
    let way = {
        let (account, changing) = (account.clone(), changing.setter());
        Callback::from(move |offered: Offered| {
            match offer::step(&account, subscription.as_ref(), &offered.choice) {
                Step::Current => Way::Current,
                Step::Checkout => Way::Button(html! { <Buy {offered} /> }),
                Step::ConfirmChange => {
                    let (changing, choice) = (changing.clone(), offered.choice.clone());
                    let onclick = move |()| changing.set(Some(choice.clone()));
                    Way::Button(html! {
                        <Button class={offered.button_class()} {onclick}>
                            { format!("Change to {}", offered.plan.name) }
                        </Button>
                    })
                }
            }
        })
    };
    let onclose = {
        let changing = changing.setter();
        move |()| changing.set(None)
    };
    html! {
        <>
            <PlanCards heading={props.heading.clone()} page_heading={props.page_heading} {paid_by} {way} />
            if let Some(choice) = &*changing { <ConfirmChange choice={choice.clone()} {onclose} /> }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct BuyProps {
    offered: Offered,
}

/// The button to Checkout.
#[component]
fn Buy(props: &BuyProps) -> Html {
    let offered = &props.offered;
    let client = use_client();
    let buy = use_action();
    let (runner, choice) = (buy.runner, offered.choice.clone());
    let onclick = move |()| {
        let (client, choice) = (client.clone(), choice.clone());
        runner.run(async move { client.way_to_plan(choice).await.map(Done::Leave) });
    };
    html! {
        <>
            { action_error(buy.error.as_ref()) }
            <Button busy={buy.busy} {onclick} class={offered.button_class()}>
                { format!("Choose {}", offered.plan.name) }
            </Button>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct ConfirmChangeProps {
    choice: Choice,
    onclose: Callback<()>,
}

/// Says what a change costs before it leads to the page that makes it.
#[component]
fn ConfirmChange(props: &ConfirmChangeProps) -> Html {
    let ConfirmChangeProps { choice, onclose } = props;
    let client = use_client();
    let list = use_plan_list();
    let go = use_action();
    let preview = use_resource::<ChangePreview>(Some(preview_path(choice)), None);
    let name = offer::name_of(list.plans(), &choice.plan);
    let (runner, wanted) = (go.runner, choice.clone());
    let onclick = move |()| {
        let (client, choice) = (client.clone(), wanted.clone());
        runner.run(async move { client.way_to_change(choice).await.map(Done::Leave) });
    };
    let refused = match &preview.resource {
        Resource::Failed(error) => error.is(ErrorCode::FlowNotAvailable),
        Resource::Loading | Resource::Ready(_) => false,
    };
    let cost = match &preview.resource {
        Resource::Loading => skeleton(2, ""),
        Resource::Ready(preview) => html! {
            for line in offer::change_words(preview, format::amount, format::date) { <p>{ line }</p> }
        },
        Resource::Failed(error) if refused => html! { <p>{ &error.message }</p> },
        // The portal says it once more, so that the change need not wait for this.
        Resource::Failed(_) => html! { <p>{ "The next page says what the change costs." }</p> },
    };
    html! {
        <Dialog title={format!("Change to {name}, paid {}", format::by(choice.interval))} {onclose}>
            <div class="stack" role="status" aria-busy={matches!(preview.resource, Resource::Loading).to_string()}>
                { cost }
            </div>
            if !refused {
                <p class="soft small">{ "Nothing changes until you confirm it on Stripe's page." }</p>
            }
            { action_error(go.error.as_ref()) }
            <div class="actions">
                <Button busy={go.busy} {onclick}>
                    { if refused { "Manage billing" } else { "Continue to confirm" } }
                </Button>
                <Button class="quiet" onclick={onclose.clone()}>{ "Keep my plan" }</Button>
            </div>
        </Dialog>
    }
}
