//! The plans and what they cost.

use yew::prelude::*;

use crate::{
    session::use_session,
    ui::{notice::MembershipNotice, plan_cards::PlanCards},
};

/// The pricing page.
#[component]
pub(crate) fn Pricing() -> Html {
    let session = use_session();
    let member = session.account().filter(|account| account.plan.is_some());
    let question = |question: &'static str, answer: &'static str| {
        html! { <details><summary>{ question }</summary><p class="soft">{ answer }</p></details> }
    };
    html! {
        <div class="page">
            if let Some(account) = member { <MembershipNotice account={account.clone()} /> }
            <PlanCards heading="One circle, three ways in" page_heading=true />
            <section class="questions">
                <h2>{ "Before you join" }</h2>
                { question("What happens when I change the plan?",
                    "A dearer plan opens at once and you pay the difference for the rest of the period. \
                     With a cheaper one, what you paid ahead is credited.") }
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
