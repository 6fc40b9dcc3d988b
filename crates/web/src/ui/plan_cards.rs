//! The plans side by side, with the toggle between month and year. What a plan's button does is its page's business.

use std::rc::Rc;

use shared::plans::{Interval, Plan};
use yew::prelude::*;

use crate::{
    format,
    navigation::Link,
    offer,
    plan_list::use_plan_list,
    resource::Resource,
    route::{Afterwards, Choice, Route},
    ui::{
        icons,
        placeholder::{skeleton, unavailable},
    },
};

/// A plan as it is offered.
#[derive(Clone, PartialEq)]
pub(crate) struct Offered {
    pub(crate) plan: Rc<Plan>,
    pub(crate) choice: Choice,
    /// Whether it is the one recommended.
    pub(crate) best: bool,
}

impl Offered {
    /// The looks of the button that chooses it.
    pub(crate) fn button_class(&self) -> Classes {
        classes!("wide", (!self.best).then_some("quiet"))
    }
}

/// How one gets a plan.
pub(crate) enum Way {
    /// By this button.
    Button(Html),
    /// They have it.
    Current,
}

#[derive(Properties, PartialEq)]
pub(crate) struct PlanCardsProps {
    /// The heading's words.
    pub(crate) heading: AttrValue,
    /// Whether the heading is the page's.
    #[prop_or_default]
    pub(crate) page_heading: bool,
    /// How the listener pays now, which is shown first.
    #[prop_or_default]
    pub(crate) paid_by: Option<Interval>,
    pub(crate) way: Callback<Offered, Way>,
}

/// The plans, with a choice of interval.
#[component]
pub(crate) fn PlanCards(props: &PlanCardsProps) -> Html {
    let chosen = use_state_eq(|| None::<Interval>);
    let interval = chosen.or(props.paid_by).unwrap_or_default();
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
            // The middle one: dearer than the first, and most of what there is.
            let best = plans.plans.len() / 2;
            let cards = plans.plans.iter().enumerate().map(|(index, plan)| {
                let offered = Offered {
                    plan: Rc::new(plan.clone()),
                    choice: Choice { plan: plan.id.clone(), interval },
                    best: index == best && index > 0,
                };
                let way = props.way.emit(offered.clone());
                card(&offered, way, props.page_heading)
            });
            html! { <div class="plans">{ for cards }</div> }
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

/// The plans for somebody without an account, who makes one first.
pub(crate) fn plans_for_visitors(heading: &'static str, page_heading: bool) -> Html {
    let way = Callback::from(|offered: Offered| {
        let to = Route::Register(Afterwards::checkout(offered.choice.clone()));
        Way::Button(html! {
            <Link {to} class={classes!("btn", offered.button_class())}>
                { format!("Choose {}", offered.plan.name) }
            </Link>
        })
    });
    html! { <PlanCards {heading} {page_heading} {way} /> }
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

fn card(offered: &Offered, way: Way, page_heading: bool) -> Html {
    let Offered { plan, choice, best } = offered;
    // The heading above the cards is the page's, which theirs follow.
    let title = if page_heading {
        html! { <h2 class="h3">{ &plan.name }</h2> }
    } else {
        html! { <h3>{ &plan.name }</h3> }
    };
    let price = offer::price_of(plan, choice.interval);
    let (current, button) = match way {
        Way::Current => (true, html! { <p class="current-plan">{ "Current plan" }</p> }),
        Way::Button(_) if price.is_none() => (false, Html::default()),
        Way::Button(button) => (false, button),
    };
    let tag = if current { Some("Your plan") } else { best.then_some("Most listeners") };
    let price = match price {
        Some(price) => html! {
            <div>
                <p class="price num">
                    { format::price(&offer::money_of(price)) }<small>{ " " }{ format::per(choice.interval) }</small>
                </p>
                <p class="soft small">{ offer::terms(plan, price, format::price) }</p>
            </div>
        },
        None => html! { <p class="soft">{ "Not offered for this interval." }</p> },
    };
    html! {
        <article key={plan.id.clone()} class={classes!("card", "plan", (*best || current).then_some("best"))}>
            if let Some(tag) = tag { <span class="tag">{ tag }</span> }
            { title }
            <p class="soft">{ &plan.description }</p>
            { price }
            <ul class="ticks">
                for feature in plan.features.iter() { <li>{ icons::tick() }<span>{ feature }</span></li> }
            </ul>
            { button }
        </article>
    }
}
