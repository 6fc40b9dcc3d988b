//! What a listener should know about the membership, with the one thing to do about it.

use std::rc::Rc;

use shared::{account::Account, plans::Interval};
use yew::prelude::*;

use crate::{
    api::{ApiError, billing::PortalPage},
    format,
    membership::{Notice, Remedy, Standing, Tone},
    navigation::Link,
    route::{Choice, Route},
    session::{Client, use_client},
    ui::{
        action::{Done, use_action},
        button::{Button, action_error},
        icons,
    },
};

#[derive(Properties, PartialEq)]
pub(crate) struct MembershipNoticeProps {
    pub(crate) account: Rc<Account>,
}

/// The notice of the account, if its state has one.
#[component]
pub(crate) fn MembershipNotice(props: &MembershipNoticeProps) -> Html {
    let account = &props.account;
    let client = use_client();
    let action = use_action();
    let Some(notice) = Standing::of(account, format::now()).notice(format::day) else {
        return Html::default();
    };
    let Notice { tone, title, text, remedy } = notice;
    let button = |remedy: Remedy| {
        let (runner, plan) = (action.runner.clone(), account.plan.clone());
        let onclick = move |()| runner.run(take(remedy, client.clone(), plan.clone()));
        html! { <Button busy={action.busy} {onclick}>{ remedy.label() }</Button> }
    };
    let way_on = match remedy {
        None => Html::default(),
        Some(Remedy::SeePlans) => html! {
            <Link to={Route::Pricing} class="btn">{ Remedy::SeePlans.label() }</Link>
        },
        Some(remedy) => button(remedy),
    };
    html! {
        <div class={classes!("notice", (tone != Tone::Warn).then_some("calm"))} role="status">
            <div>
                <b>{ title }</b>
                <div class="small">{ text }</div>
                { action_error(action.error.as_ref()) }
            </div>
            { way_on }
        </div>
    }
}

async fn take(remedy: Remedy, client: Client, plan: Option<String>) -> Result<Done, ApiError> {
    let url = match (remedy, plan) {
        (Remedy::UpdateCard, _) => client.open_portal(PortalPage::UpdateCard).await,
        // The API leads to the unfinished payment, whichever interval is named here.
        (Remedy::FinishPayment, Some(plan)) => {
            client.way_to_plan(Choice { plan, interval: Interval::Month }).await
        }
        (Remedy::FinishPayment | Remedy::SeePlans, _) => Ok(Route::Pricing.href()),
        (Remedy::PayInvoice | Remedy::ResumePlan, _) => client.open_portal(PortalPage::Home).await,
    };
    url.map(Done::Leave)
}

/// A state in a word or two.
pub(crate) fn pill(tone: Tone, words: &str) -> Html {
    let class = match tone {
        Tone::Good => None,
        Tone::Warn => Some("warn"),
        Tone::Calm => Some("calm"),
    };
    html! { <span class={classes!("pill", class)}>{ icons::dot() }{ words }</span> }
}
