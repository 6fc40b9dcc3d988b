//! The 3-D Secure challenge that a bank would show, of Checkout, the portal and invoices alike.

use actix_web::web;
use maud::{Markup, html};
use serde::Deserialize;

use super::display;
use super::reply::{self, Answer};
use super::shell::{self, Frame};
use crate::sandbox::Sandbox;
use crate::sandbox::checkout::{self, ChallengePage, Outcome};

/// The page of a challenge.
pub(super) fn path(challenge: &str) -> String {
    format!("/challenge/{challenge}")
}

/// Which button was pressed.
#[derive(Debug, Deserialize)]
pub(super) struct AnswerForm {
    result: ChallengeResult,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ChallengeResult {
    Complete,
    Fail,
}

/// `GET /challenge/{challenge}`
pub(super) async fn show(sandbox: web::Data<Sandbox>, challenge: web::Path<String>) -> Answer {
    let page = checkout::load_challenge(&sandbox, &challenge).await?;
    Ok(reply::page(view(&page, &challenge)))
}

/// `POST /challenge/{challenge}`
pub(super) async fn answer(
    sandbox: web::Data<Sandbox>,
    challenge: web::Path<String>,
    form: web::Form<AnswerForm>,
) -> Answer {
    let page = checkout::load_challenge(&sandbox, &challenge).await?;
    let passed = form.result == ChallengeResult::Complete;
    match checkout::finish_challenge(&sandbox, &challenge, passed).await? {
        Outcome::Completed { redirect_url } => Ok(reply::see_other(&redirect_url)),
        Outcome::ActionRequired { challenge } => Ok(reply::see_other(&path(&challenge))),
        Outcome::Declined(refusal) => {
            Ok(reply::see_other(&super::Refused::at(&page.back_url, &refusal)))
        }
    }
}

fn view(page: &ChallengePage, challenge: &str) -> Markup {
    let body = html! {
        div.card.stack.wide {
            div.stack {
                p.section-title { "Sandbox bank · 3-D Secure" }
                h1 { "Is this you?" }
                p.soft { "A bank would now ask its customer to approve this with an app or a code. Here you decide." }
            }
            dl.kv.num {
                dt { "Merchant" }
                dd { (page.merchant) }
                @if let (Some(amount), Some(currency)) = (page.amount, &page.currency) {
                    dt { "Amount" }
                    dd { (display::amount(amount, currency)) }
                } @else {
                    dt { "Purpose" }
                    dd { "Save the card" }
                }
                dt { "Card" }
                dd { "•••• " (page.last4) }
            }
            form.stack method="post" action=(path(challenge)) {
                button.btn.wide type="submit" name="result" value="complete" { "Complete authentication" }
                button.btn.quiet.wide type="submit" name="result" value="fail" { "Fail authentication" }
            }
        }
    };
    shell::page("3-D Secure", Frame::Narrow, &[], body)
}
