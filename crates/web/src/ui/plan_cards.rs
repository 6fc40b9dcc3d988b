//! The plans side by side, with the toggle between month and year.

use shared::{
    account::Account,
    billing::{Subscription, SubscriptionAnswer},
    money::Money,
    paths,
    plans::{Interval, Plan, Plans},
};
use yew::prelude::*;

use crate::{
    format, membership,
    navigation::Link,
    offer::{self, Step},
    plan_list::use_plan_list,
    resource::{Resource, use_resource},
    route::{Afterwards, Choice, Route},
    session::{use_client, use_session},
    ui::{
        action::{Done, use_action},
        button::{Button, action_error},
        icons,
        placeholder::{skeleton, unavailable},
    },
};

#[derive(Properties, PartialEq)]
pub(crate) struct PlanCardsProps {
    /// The heading's words.
    pub(crate) heading: AttrValue,
    /// Whether the heading is the page's.
    #[prop_or_default]
    pub(crate) page_heading: bool,
}

/// The plans, from a choice of interval to the page that takes the payment.
#[component]
pub(crate) fn PlanCards(props: &PlanCardsProps) -> Html {
    let session = use_session();
    let account = session.account().cloned();
    let subscriber =
        account.as_ref().is_some_and(|account| membership::is_live(&account.subscription_status));
    let subscription = use_resource::<SubscriptionAnswer>(
        subscriber.then(|| paths::SUBSCRIPTION.to_owned()),
        account.clone(),
    );
    let subscription =
        subscription.resource.ready().filter(|_| subscriber).and_then(|it| it.subscription.clone());
    let chosen = use_state_eq(|| None::<Interval>);
    let paid_by = subscription.as_ref().and_then(|it| it.interval);
    let interval = chosen.or(paid_by).unwrap_or_default();
    let list = use_plan_list();
    let saving = offer::saving(list.plans());
    let heading = if props.page_heading {
        html! { <h1 class="h2">{ &props.heading }</h1> }
    } else {
        html! { <h2>{ &props.heading }</h2> }
    };
    let set_interval =
        use_callback(chosen.setter(), |interval: Interval, chosen| chosen.set(Some(interval)));
    let body = match &list.resource {
        Resource::Loading => html! {
            <div class="plans" aria-hidden="true">
                for _ in 0..3 { <div class="card plan">{ skeleton(6, "plan-skeleton") }</div> }
            </div>
        },
        Resource::Failed(error) => unavailable(error, &list.retry),
        Resource::Ready(plans) => {
            cards(plans, interval, account.as_deref(), subscription.as_ref(), props.page_heading)
        }
    };
    html! {
        <div>
            <div class="section-head">
                { heading }
                { interval_toggle(interval, saving, &set_interval) }
            </div>
            { body }
            <p class="soft small fineprint">
                { "Change or cancel whenever you like, in two clicks. Payments are handled by Stripe." }
            </p>
        </div>
    }
}

fn cards(
    plans: &Plans,
    interval: Interval,
    account: Option<&Account>,
    subscription: Option<&Subscription>,
    page_heading: bool,
) -> Html {
    // The middle one: dearer than the first, and most of what there is.
    let best = plans.plans.len() / 2;
    let cards = plans.plans.iter().enumerate().map(|(index, plan)| {
        let choice = Choice { plan: plan.id.clone(), interval };
        let step = offer::step(account, subscription, &choice);
        let best = index == best && index > 0;
        html! { <PlanCard key={plan.id.clone()} plan={plan.clone()} {choice} {step} {best} {page_heading} /> }
    });
    html! { <div class="plans">{ for cards }</div> }
}

fn interval_toggle(
    chosen: Interval,
    saving: Option<String>,
    onchange: &Callback<Interval>,
) -> Html {
    let yearly = saving.map_or_else(|| "Yearly".to_owned(), |saving| format!("Yearly, {saving}"));
    let button = |interval: Interval, words: String| {
        let onclick = onchange.reform(move |_: MouseEvent| interval);
        let pressed = if chosen == interval { "true" } else { "false" };
        html! { <button type="button" aria-pressed={pressed} {onclick}>{ words }</button> }
    };
    html! {
        <div class="seg" role="group" aria-label="Billing interval">
            { button(Interval::Month, "Monthly".to_owned()) }
            { button(Interval::Year, yearly) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct PlanCardProps {
    plan: Plan,
    choice: Choice,
    step: Step,
    best: bool,
    /// Whether the heading above the cards is the page's, which theirs follow.
    page_heading: bool,
}

#[component]
fn PlanCard(props: &PlanCardProps) -> Html {
    let PlanCardProps { plan, choice, step, best, page_heading } = props;
    let client = use_client();
    let choose = use_action();
    let onclick = {
        let (runner, choice, change) =
            (choose.runner, choice.clone(), *step == Step::ConfirmChange);
        move |()| {
            let (client, choice) = (client.clone(), choice.clone());
            runner.run(async move {
                let url = if change {
                    client.way_to_change(choice).await
                } else {
                    client.way_to_plan(choice).await
                };
                url.map(Done::Leave)
            });
        }
    };
    let current = *step == Step::Current;
    let looks = classes!("wide", (!best).then_some("quiet"));
    let words = format!("Choose {}", plan.name);
    let button = match step {
        Step::Current => html! { <p class="current-plan">{ "Current plan" }</p> },
        _ if offer::price_of(plan, choice.interval).is_none() => Html::default(),
        Step::Register => {
            let to = Route::Register(Afterwards::checkout(choice.clone()));
            html! { <Link {to} class={classes!("btn", looks)}>{ words }</Link> }
        }
        Step::Checkout | Step::ConfirmChange => html! {
            <Button busy={choose.busy} {onclick} class={looks}>{ words }</Button>
        },
    };
    let price = offer::price_of(plan, choice.interval);
    let title = if *page_heading {
        html! { <h2 class="h3">{ &plan.name }</h2> }
    } else {
        html! { <h3>{ &plan.name }</h3> }
    };
    let tag = if current { Some("Your plan") } else { best.then_some("Most listeners") };
    html! {
        <article class={classes!("card", "plan", (*best || current).then_some("best"))}>
            if let Some(tag) = tag { <span class="tag">{ tag }</span> }
            { title }
            <p class="soft">{ &plan.description }</p>
            if let Some(price) = price {
                <div>
                    <p class="price num">
                        { format::price(&offer::money_of(price)) }<small>{ " " }{ format::per(choice.interval) }</small>
                    </p>
                    { extras(price.trial_days, price.setup_fee.map(|fee| Money::new(fee, &price.currency))) }
                </div>
            } else {
                <p class="soft">{ "Not offered for this interval." }</p>
            }
            <ul class="ticks">
                for feature in plan.features.iter() { <li>{ icons::tick() }<span>{ feature }</span></li> }
            </ul>
            { action_error(choose.error.as_ref()) }
            { button }
        </article>
    }
}

fn extras(trial_days: u32, setup_fee: Option<Money>) -> Html {
    let trial = (trial_days > 0).then(|| format!("The first {trial_days} days are free"));
    let fee = setup_fee.map(|fee| format!("{} once to begin", format::price(&fee)));
    let words: Vec<_> = trial.into_iter().chain(fee).collect();
    if words.is_empty() {
        Html::default()
    } else {
        html! { <p class="soft small">{ words.join(", ") }{ "." }</p> }
    }
}
