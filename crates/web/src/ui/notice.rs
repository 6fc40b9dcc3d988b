//! What a listener should know about the membership, with the one thing to do about it.

use std::rc::Rc;

use shared::{
    account::Account,
    billing::{OpenInvoice, OpenInvoiceAnswer},
    paths,
    plans::Interval,
};
use yew::prelude::*;

use crate::{
    api::{ApiError, billing::PortalPage},
    format,
    membership::{self, Notice, Remedy, Standing, Tone},
    navigation::Link,
    resource::{Resource, use_resource},
    route::{Choice, Route},
    session::{Client, use_client},
    ui::{
        action::{Done, use_action},
        button::{Button, action_error},
        icons,
        placeholder::skeleton,
    },
};

/// What a listener owes.
#[derive(Clone, PartialEq)]
pub(crate) enum Owed {
    /// Stripe is being asked.
    Unknown,
    /// Nothing, or nothing that Stripe could name.
    Nothing,
    Invoice(OpenInvoice),
}

impl Owed {
    /// The invoice that waits to be paid.
    pub(crate) fn invoice(&self) -> Option<&OpenInvoice> {
        match self {
            Self::Invoice(invoice) => Some(invoice),
            Self::Unknown | Self::Nothing => None,
        }
    }
}

/// What the listener of `account` owes; Stripe is asked only while a payment is outstanding.
#[hook]
pub(crate) fn use_owed(account: &Rc<Account>) -> Owed {
    let may_owe = membership::may_owe(account);
    let fetched = use_resource::<OpenInvoiceAnswer>(
        may_owe.then(|| paths::OPEN_INVOICE.to_owned()),
        Some(account.clone()),
    );
    match fetched.resource {
        Resource::Loading if may_owe => Owed::Unknown,
        Resource::Ready(answer) if may_owe => {
            answer.invoice.clone().map_or(Owed::Nothing, Owed::Invoice)
        }
        // Without an answer the account alone says enough.
        _ => Owed::Nothing,
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct MembershipNoticeProps {
    pub(crate) account: Rc<Account>,
}

/// The notice of the account, if its state has one.
#[component]
pub(crate) fn MembershipNotice(props: &MembershipNoticeProps) -> Html {
    let account = props.account.clone();
    let owed = use_owed(&account);
    html! { <OwedNotice {account} {owed} /> }
}

#[derive(Properties, PartialEq)]
pub(crate) struct OwedNoticeProps {
    pub(crate) account: Rc<Account>,
    pub(crate) owed: Owed,
}

/// The same for a page that knows what is owed.
#[component]
pub(crate) fn OwedNotice(props: &OwedNoticeProps) -> Html {
    let OwedNoticeProps { account, owed } = props;
    let client = use_client();
    let action = use_action();
    if *owed == Owed::Unknown {
        return html! { <div class="notice">{ skeleton(2, "notice-skeleton") }</div> };
    }
    let standing = Standing::of(account, owed.invoice(), format::now());
    let Some(notice) = standing.notice(format::day) else {
        return Html::default();
    };
    let Notice { tone, title, text, remedy } = notice;
    let button = |remedy: Remedy| {
        let (runner, client, account) = (action.runner.clone(), client.clone(), account.clone());
        let invoice = owed.invoice().map(|invoice| invoice.hosted_invoice_url.clone());
        let onclick = move |()| {
            runner.run(take(remedy, client.clone(), account.plan.clone(), invoice.clone()));
        };
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

async fn take(
    remedy: Remedy,
    client: Client,
    plan: Option<String>,
    invoice: Option<String>,
) -> Result<Done, ApiError> {
    use Remedy::{
        ConfirmPayment, EndPause, FinishPayment, ManageBilling, PayInvoice, ResumePlan, SeePlans,
        UpdateCard,
    };
    let url = match (remedy, invoice, plan) {
        (EndPause, ..) => return client.resume().await.map(|()| Done::Stay),
        (ConfirmPayment | PayInvoice | FinishPayment, Some(page), _) => Ok(page),
        // The API leads to the unfinished payment, whichever interval is named here.
        (FinishPayment, None, Some(plan)) => {
            client.way_to_plan(Choice { plan, interval: Interval::Month }).await
        }
        (FinishPayment | SeePlans, ..) => Ok(Route::Pricing.href()),
        (UpdateCard, ..) => client.open_portal(PortalPage::UpdateCard).await,
        (ConfirmPayment | PayInvoice | ResumePlan | ManageBilling, ..) => {
            client.open_portal(PortalPage::Home).await
        }
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
