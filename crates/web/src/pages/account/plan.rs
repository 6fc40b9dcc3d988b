//! The plan, what it costs and what happens next, with the ways to change it.

use std::rc::Rc;

use shared::{
    account::Account,
    billing::{Subscription, SubscriptionAnswer},
    money::Money,
    paths,
};
use yew::prelude::*;

use crate::{
    api::billing::PortalPage,
    format,
    membership::{self, Standing, Tone},
    navigation::Link,
    offer,
    plan_list::use_plan_list,
    resource::{Resource, use_resource},
    route::Route,
    session::use_client,
    ui::{
        action::{Done, use_action},
        button::{Button, action_error},
        notice::{Owed, pill},
    },
};

#[derive(Properties, PartialEq)]
pub(super) struct PlanCardProps {
    pub(super) account: Rc<Account>,
    pub(super) owed: Owed,
}

/// The card of the plan.
#[component]
pub(super) fn PlanCard(props: &PlanCardProps) -> Html {
    let account = &props.account;
    let client = use_client();
    let plans = use_plan_list();
    let portal = use_action();
    let pressed = use_state_eq(|| PortalPage::Home);
    // Read again whenever the account changes: the live message carries no price and no card.
    let fetched = use_resource::<SubscriptionAnswer>(
        account.stripe_customer_id.as_ref().map(|_| paths::SUBSCRIPTION.to_owned()),
        Some(account.clone()),
    );
    let subscription = fetched.resource.ready().and_then(|answer| answer.subscription.as_ref());
    let loading = matches!(fetched.resource, Resource::Loading)
        && membership::is_live(&account.subscription_status);
    let standing = Standing::of(account, props.owed.invoice(), format::now());
    // What the operator gave may be more than what was bought.
    let granted = matches!(standing, Standing::Granted { .. });
    let name = account.plan.as_deref().filter(|_| !granted).or(account.access.plan.as_deref());
    let name = name.map_or_else(|| "No plan".to_owned(), |id| offer::name_of(plans.plans(), id));
    let live = membership::is_live(&account.subscription_status);
    // A first payment that is not finished is finished by the notice's button.
    let may_choose = !live
        && !matches!(standing, Standing::PaymentUnfinished | Standing::ConfirmationNeeded { .. });
    let ending = matches!(standing, Standing::Ending { .. });
    // Stripe changes neither: first the cancellation or the pause is taken back, or the first payment has to come.
    let changeable = live
        && !ending
        && !matches!(
            standing,
            Standing::Paused | Standing::PaymentUnderWay | Standing::FirstPaymentFailed
        );
    // The notice above has this very button.
    let may_manage = account.stripe_customer_id.is_some()
        && !matches!(standing, Standing::Refunded { .. } | Standing::Disputed);
    // Where something is to be done first, the notice above has the button for it.
    let home = if live && standing.tone() != Tone::Warn { "" } else { "quiet" };
    let button = |page: PortalPage, class: &'static str, words: &'static str| {
        let busy = portal.busy && *pressed == page;
        let (client, runner, pressed) = (client.clone(), portal.runner.clone(), pressed.setter());
        let onclick = move |()| {
            let (client, page) = (client.clone(), page.clone());
            pressed.set(page.clone());
            runner.run(async move { client.open_portal(page).await.map(Done::Leave) });
        };
        html! { <Button {busy} {class} {onclick}>{ words }</Button> }
    };
    html! {
        <div class="card roomy">
            <div class="card-head">
                <div>
                    <h2 class="h3" data-testid="plan">{ name }</h2>
                    <p class="soft">{ price(subscription.filter(|_| live || !granted)).unwrap_or_else(|| "\u{a0}".to_owned()) }</p>
                </div>
                <span data-testid="status">{ pill(standing.tone(), &standing.label()) }</span>
            </div>
            <dl class="kv">
                { next_charge(account, subscription, &standing, loading) }
                if let Some(card) = subscription.and_then(|it| it.payment_method.as_ref()) {
                    <dt>{ "Paid with" }</dt>
                    <dd class="num">{ format!("{} •••• {}", format::card_brand(&card.brand), card.last4) }</dd>
                } else if loading {
                    // Its room, so that nothing moves when it comes.
                    <dt>{ "Paid with" }</dt><dd>{ "\u{a0}" }</dd>
                }
                if let Some(customer) = &account.stripe_customer_id {
                    <dt>{ "Customer" }</dt><dd class="num small">{ customer }</dd>
                }
                <dt>{ "Member since" }</dt><dd class="num">{ format::date(account.created_at) }</dd>
            </dl>
            { action_error(portal.error.as_ref()) }
            <div class="actions">
                if may_manage { { button(PortalPage::Home, home, "Manage billing") } }
                if changeable { { button(PortalPage::ChangePlan, "quiet", "Change plan") } }
                if live && !ending { { button(PortalPage::CancelPlan, "quiet", "Cancel plan") } }
                if may_choose { <Link to={Route::Pricing} class="btn">{ "See the plans" }</Link> }
            </div>
        </div>
    }
}

fn price(subscription: Option<&Subscription>) -> Option<String> {
    let subscription = subscription?;
    let money = Money::new(subscription.amount?, &subscription.currency);
    Some(format!("{} {}", format::amount(&money), format::per(subscription.interval?)))
}

/// When money moves next, or when the plan ends. How much it is may still be `loading`, and has its room already.
fn next_charge(
    account: &Account,
    subscription: Option<&Subscription>,
    standing: &Standing,
    loading: bool,
) -> Html {
    let dated = |label: &'static str, day: i64, amount: Html| {
        html! { <><dt>{ label }</dt><dd class="num">{ format::date(day) }{ amount }</dd></> }
    };
    let row = |label: &'static str, day: i64| dated(label, day, Html::default());
    let amount = match subscription.and_then(|it| Some(Money::new(it.amount?, &it.currency))) {
        Some(money) => html! { { format!(", {}", format::amount(&money)) } },
        None if loading => html! { <span class="to-come" aria-hidden="true">{ ", $10.00" }</span> },
        None => Html::default(),
    };
    match (standing, account.current_period_end) {
        (Standing::Ending { on }, _) => row("Ends on", *on),
        (Standing::Ended { on: Some(on) }, _) => row("Ended on", *on),
        (Standing::Granted { until: Some(until) }, _) => row("Open until", *until),
        (Standing::Trial { ends, .. }, _) => dated("First charge", *ends, amount),
        (Standing::Active, Some(end)) => dated("Next charge", end, amount),
        (
            Standing::PastDue { deadline: Some(deadline) }
            | Standing::ConfirmationNeeded { deadline: Some(deadline) },
            _,
        ) => row("Open until", *deadline),
        _ => Html::default(),
    }
}
