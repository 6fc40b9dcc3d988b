//! Making an account, and with a plan chosen going straight on to pay for it.

use shared::account::Credentials;
use yew::prelude::*;

use crate::{
    api::account::Registered,
    format,
    navigation::{Link, use_navigator},
    offer,
    plan_list::use_plan_list,
    route::{Afterwards, Choice, Route},
    session::{use_client, use_session},
    ui::{
        account_form::{AccountForm, AccountFormKind},
        action::{Done, Work, use_action},
        button::{ActionError, Button},
        placeholder::Skeleton,
    },
};

#[derive(Properties, PartialEq)]
pub(crate) struct EntryProps {
    /// What follows.
    pub(crate) afterwards: Afterwards,
}

/// The registration page.
#[component]
pub(crate) fn Register(props: &EntryProps) -> Html {
    let client = use_client();
    let check_email = use_state_eq(|| false);
    let register = use_action({
        let choice = props.afterwards.choice.clone();
        let check_email = check_email.setter();
        move |credentials: Credentials| -> Work {
            let (client, choice, check_email) =
                (client.clone(), choice.clone(), check_email.clone());
            Box::pin(async move {
                match (client.register(credentials).await?, choice) {
                    (Registered::CheckEmail, _) => check_email.set(true),
                    (Registered::SignedIn, Some(choice)) => {
                        return client.way_to_plan(choice).await.map(Done::Leave);
                    }
                    (Registered::SignedIn, None) => {}
                }
                Ok(Done::Stay)
            })
        }
    });
    if use_session().account().is_some() && !register.busy {
        return html! { <AlreadyIn afterwards={props.afterwards.clone()} error={register.error} /> };
    }
    if *check_email {
        return html! {
            <div class="page"><div class="card entry" role="status">
                <h1 class="h3">{ "Check your e-mail" }</h1>
                <p class="soft">{ "We sent you a message with the next step." }</p>
            </div></div>
        };
    }
    let chosen = props.afterwards.choice.is_some();
    html! {
        <div class="page"><div class="card entry">
            <h1 class="h3">{ "Create your account" }</h1>
            if let Some(choice) = &props.afterwards.choice {
                <div class="soft"><ChosenPlan choice={choice.clone()} /></div>
            } else {
                <p class="soft">{ "Free episodes are open at once, without a card. A plan opens the rest." }</p>
            }
            <AccountForm kind={AccountFormKind::Register} busy={register.busy} error={register.error}
                button={if chosen { "Continue to payment" } else { "Create account" }} onsubmit={register.run} />
            <p class="soft small">
                { "By joining you accept the " }<Link to={Route::Terms}>{ "terms" }</Link>
                { ". Have an account? " }
                <Link to={Route::LogIn(props.afterwards.clone())}>{ "Log in instead" }</Link>{ "." }
            </p>
        </div></div>
    }
}

#[derive(Properties, PartialEq)]
struct ChosenPlanProps {
    choice: Choice,
}

/// The sentence that says what will be paid.
#[component]
fn ChosenPlan(props: &ChosenPlanProps) -> Html {
    let list = use_plan_list();
    let Choice { plan, interval } = &props.choice;
    if list.resource.ready().is_none() {
        return html! { <Skeleton lines={1} /> };
    }
    let plan = offer::find(list.plans(), plan);
    match plan.and_then(|plan| Some((plan, offer::price_of(plan, *interval)?))) {
        Some((plan, price)) => {
            let money = format::price(&offer::money_of(price));
            html! { { format!("Then pay for {}, {money} {}, on the next page.", plan.name, format::per(*interval)) } }
        }
        None => html! {
            <>{ "The plan you chose is not on offer any more. " }<Link to={Route::Pricing}>{ "See the plans" }</Link></>
        },
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct AlreadyInProps {
    pub(crate) afterwards: Afterwards,
    /// Why the way to payment did not open after signing in.
    pub(crate) error: Option<crate::api::ApiError>,
}

/// What register and log in show to somebody signed in: the way to payment, or straight on.
#[component]
pub(crate) fn AlreadyIn(props: &AlreadyInProps) -> Html {
    let client = use_client();
    let navigator = use_navigator();
    let session = use_session();
    let pay = use_action(move |choice: Choice| -> Work {
        let client = client.clone();
        Box::pin(async move { client.way_to_plan(choice).await.map(Done::Leave) })
    });
    use_effect_with(props.afterwards.clone(), move |afterwards| {
        if afterwards.choice.is_none() {
            let next = afterwards.next.as_deref().map_or(Route::Episodes, Route::parse_href);
            navigator.replace(next);
        }
    });
    let (Some(choice), Some(account)) = (props.afterwards.choice.clone(), session.account()) else {
        return Html::default();
    };
    let error = if pay.busy { None } else { pay.error.or_else(|| props.error.clone()) };
    html! {
        <div class="page"><div class="card entry">
            <h1 class="h3">{ "Almost there" }</h1>
            <p class="soft">{ format!("You are signed in as {}.", account.email) }</p>
            <div class="soft"><ChosenPlan choice={choice.clone()} /></div>
            <ActionError {error} />
            <Button class="wide" busy={pay.busy} onclick={pay.run.reform(move |()| choice.clone())}>
                { "Continue to payment" }
            </Button>
        </div></div>
    }
}
