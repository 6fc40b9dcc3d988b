//! The plans and what they cost.

use std::rc::Rc;

use shared::{account::Account, plans::Plan};
use yew::prelude::*;

use crate::{
    offer,
    plan_list::use_plan_list,
    ui::{
        icons, notice::MembershipNotice, plan_cards::plans_for_visitors, plan_change::ListenerPlans,
    },
};

const HEADING: &str = "One circle, three ways in";

/// The pricing page of somebody without an account. The server sends the same, see `http/site` there.
pub(crate) fn for_visitors() -> Html {
    page(Html::default(), plans_for_visitors(HEADING, true))
}

/// The pricing page of a listener.
pub(crate) fn for_listeners(account: Rc<Account>) -> Html {
    let notice = account.plan.is_some().then(|| {
        html! { <MembershipNotice account={account.clone()} /> }
    });
    page(
        notice.unwrap_or_default(),
        html! { <ListenerPlans {account} heading={HEADING} page_heading=true /> },
    )
}

fn page(notice: Html, plans: Html) -> Html {
    let question = |question: &'static str, answer: &'static str| {
        html! { <details><summary>{ question }</summary><p class="soft">{ answer }</p></details> }
    };
    html! {
        <div class="page">
            { notice }
            { plans }
            <Comparison />
            <section class="questions">
                <h2>{ "Good to know" }</h2>
                { question("What happens when I change the plan?",
                    "A dearer plan opens at once and you pay the difference for the rest of the period. \
                     With a cheaper one, what you paid ahead is credited. You see the sum before you confirm.") }
                { question("Can I cancel at any time?",
                    "Yes, from your account page. You keep listening to the end of the period you paid for.") }
                { question("Which apps can I use?",
                    "Any podcast app that takes a feed by its address, and this site.") }
                { question("Who sees my card?",
                    "Stripe alone. It takes the payment on its own page; the number never comes here.") }
            </section>
        </div>
    }
}

/// What each plan opens, row by row.
#[component]
fn Comparison() -> Html {
    let list = use_plan_list();
    let plans = list.plans();
    if plans.len() < 2 {
        return Html::default();
    }
    let cell = |opens: bool| {
        if opens {
            html! { <td>{ icons::tick() }<span class="unseen">{ "Yes" }</span></td> }
        } else {
            html! { <td class="soft"><span aria-hidden="true">{ "–" }</span><span class="unseen">{ "No" }</span></td> }
        }
    };
    html! {
        <section class="comparison">
            <h2>{ "What each plan opens" }</h2>
            <div class="card">
                <table>
                    <thead><tr>
                        <td />
                        for plan in plans { <th scope="col">{ &plan.name }</th> }
                    </tr></thead>
                    <tbody>
                        for (feature, first) in offer::comparison(plans) {
                            <tr>
                                <th scope="row">{ feature }</th>
                                { for plans.iter().enumerate().map(|(index, _): (usize, &Plan)| cell(index >= first)) }
                            </tr>
                        }
                    </tbody>
                </table>
            </div>
        </section>
    }
}
