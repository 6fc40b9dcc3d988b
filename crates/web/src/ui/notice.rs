//! What a listener should know about the membership, with the one thing to do about it.

use shared::plans::Interval;
use yew::prelude::*;

use crate::{
    api::billing::PortalPage,
    format,
    membership::{Notice, Remedy, Standing, Tone},
    navigation::{Link, use_navigator},
    route::{Choice, Route},
    session::{use_client, use_session},
    ui::{
        action::{Done, Work, use_action},
        button::{ActionError, Button},
    },
};

/// The notice of the signed-in account, if its state has one.
#[component]
pub(crate) fn MembershipNotice() -> Html {
    let session = use_session();
    let Some(account) = session.account() else { return Html::default() };
    let Some(notice) = Standing::of(account, format::now()).notice(format::day) else {
        return Html::default();
    };
    html! { <NoticeBar {notice} plan={account.plan.clone()} /> }
}

#[derive(Properties, PartialEq)]
struct NoticeBarProps {
    notice: Notice,
    /// The plan the account has or had.
    plan: Option<String>,
}

#[component]
fn NoticeBar(props: &NoticeBarProps) -> Html {
    let client = use_client();
    let navigator = use_navigator();
    let plan = props.plan.clone();
    let remedy = use_action(move |remedy: Remedy| -> Work {
        let (client, navigator, plan) = (client.clone(), navigator.clone(), plan.clone());
        Box::pin(async move {
            let url = match (remedy, plan) {
                (Remedy::UpdateCard, _) => client.open_portal(PortalPage::UpdateCard).await?,
                (Remedy::PayInvoice | Remedy::ResumePlan, _) => {
                    client.open_portal(PortalPage::Home).await?
                }
                // The API leads to the unfinished payment, whichever interval is named here.
                (Remedy::FinishPayment, Some(plan)) => {
                    client.way_to_plan(Choice { plan, interval: Interval::Month }).await?
                }
                (Remedy::FinishPayment | Remedy::SeePlans, _) => {
                    navigator.push(Route::Pricing);
                    return Ok(Done::Stay);
                }
            };
            Ok(Done::Leave(url))
        })
    });
    let Notice { tone, title, text, remedy: offered } = &props.notice;
    html! {
        <div class={classes!("notice", (*tone != Tone::Warn).then_some("calm"))} role="status">
            <div>
                <b>{ title }</b>
                <div class="small">{ text }</div>
                <ActionError error={remedy.error.clone()} />
            </div>
            if let Some(Remedy::SeePlans) = offered {
                <Link to={Route::Pricing} class="btn">{ Remedy::SeePlans.label() }</Link>
            } else if let Some(offered) = *offered {
                <Button busy={remedy.busy} onclick={remedy.run.reform(move |()| offered)}>{ offered.label() }</Button>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct PillProps {
    pub(crate) tone: Tone,
    pub(crate) children: Html,
}

/// A state in a word or two.
#[component]
pub(crate) fn Pill(props: &PillProps) -> Html {
    let tone = match props.tone {
        Tone::Good => None,
        Tone::Warn => Some("warn"),
        Tone::Calm => Some("calm"),
    };
    html! { <span class={classes!("pill", tone)}>{ crate::ui::icons::dot() }{ props.children.clone() }</span> }
}
