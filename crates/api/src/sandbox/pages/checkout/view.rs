//! Checkout's pages: the order beside the form, and what is left of a finished session.

use maud::{Markup, html};
use url::{Origin, Url};

use super::{CheckoutForm, order};
use crate::sandbox::billing::tax_ids::OFFERED;
use crate::sandbox::checkout::{Cadence, CheckoutLine, CheckoutPage, IsRequired, Mode};
use crate::sandbox::pages::form::{self, Errors, Field};
use crate::sandbox::pages::shell::{self, Frame};
use crate::sandbox::pages::{card, display};

/// The page of an open session.
pub(super) fn open(
    session: &CheckoutPage,
    secret: &str,
    form: &CheckoutForm,
    errors: &Errors,
) -> Markup {
    let body = html! {
        div.stack.wide {
            @if let Some(cancel_url) = &session.cancel_url {
                div { (shell::back_link(&format!("Back to {}", session.merchant), cancel_url)) }
            }
            (shell::business(&session.merchant))
            (headline(session))
            (order::order(session, secret, errors))
        }
        div.stack.wide { (pay_form(session, secret, form, errors)) }
    };
    shell::page(&format!("{} · {}", title(session), session.merchant), Frame::Pay, &[], body)
}

/// The page of a session that has been completed.
pub(super) fn complete(session: &CheckoutPage) -> Markup {
    let text = match session.mode {
        Mode::Setup => "Your card has been saved. There is nothing left to do here.",
        Mode::Payment | Mode::Subscription => {
            "You have already completed this checkout. You were not charged again."
        }
    };
    let label = format!("Continue to {}", session.merchant);
    shell::message(
        "All done here",
        text,
        session.success_url.as_deref().map(|url| (label.as_str(), url)),
    )
}

/// The page of a session that ran out.
pub(super) fn expired(session: &CheckoutPage) -> Markup {
    let text = "It was open for a limited time, and nothing was charged. Go back and start again.";
    let label = format!("Back to {}", session.merchant);
    let way_back = session.cancel_url.as_deref().map(|url| (label.as_str(), url));
    shell::message("This checkout has expired", text, way_back)
}

/// The one origin besides our own from which pictures may come: the business's own site. Products
/// with pictures elsewhere show their initial instead, so the page makes no third-party requests.
pub(super) fn images_from(session: &CheckoutPage) -> Option<String> {
    let origin = business_origin(session)?;
    session
        .lines
        .iter()
        .any(|line| own_image(line, &origin).is_some())
        .then(|| origin.ascii_serialization())
}

pub(super) fn business_origin(session: &CheckoutPage) -> Option<Origin> {
    let url = session.success_url.as_deref().or(session.cancel_url.as_deref())?;
    Some(Url::parse(url).ok()?.origin()).filter(Origin::is_tuple)
}

pub(super) fn own_image<'a>(line: &'a CheckoutLine, origin: &Origin) -> Option<&'a str> {
    line.image.as_deref().filter(|image| Url::parse(image).is_ok_and(|url| url.origin() == *origin))
}

fn title(session: &CheckoutPage) -> String {
    let product =
        session.lines.iter().find(|line| line.recurring.is_some()).or(session.lines.first());
    match (session.mode, product) {
        (Mode::Subscription, Some(line)) if session.trial_days.is_some() => {
            format!("Try {}", line.name)
        }
        (Mode::Subscription, Some(line)) => format!("Subscribe to {}", line.name),
        (Mode::Subscription, None) => "Subscribe".to_owned(),
        (Mode::Payment, _) => format!("Pay {}", session.merchant),
        (Mode::Setup, _) => "Save your card".to_owned(),
    }
}

pub(super) fn submit_label(session: &CheckoutPage) -> String {
    match session.mode {
        Mode::Subscription if session.trial_days.is_some() => "Start trial".to_owned(),
        Mode::Subscription => "Subscribe".to_owned(),
        Mode::Payment => format!("Pay {}", money(session, session.due_now)),
        Mode::Setup => "Save card".to_owned(),
    }
}

pub(super) fn money(session: &CheckoutPage, amount: i64) -> String {
    display::amount(amount, &session.currency)
}

fn cadence(session: &CheckoutPage) -> Option<&Cadence> {
    session.lines.iter().find_map(|line| line.recurring.as_ref())
}

/// `$10.00 per month`
pub(super) fn recurring(session: &CheckoutPage) -> Option<String> {
    let cadence = cadence(session)?;
    let total = money(session, session.recurring_total?);
    Some(format!("{total} {}", display::interval(&cadence.interval, cadence.count)))
}

fn headline(session: &CheckoutPage) -> Markup {
    html! {
        div.stack.tight {
            h1 { (title(session)) }
            @match (session.mode, session.trial_days) {
                (Mode::Setup, _) => p.soft { "Nothing is charged now. The card is kept for later." },
                (_, Some(days)) => {
                    p.price.num { (display::counted(days, "day")) " free" }
                    @if let Some(recurring) = recurring(session) { p.soft.num { "Then " (recurring) } }
                }
                (Mode::Subscription, None) => {
                    p.price.num {
                        (money(session, session.recurring_total.unwrap_or(session.due_now))) " "
                        @if let Some(every) = cadence(session) {
                            small { (display::interval(&every.interval, every.count)) }
                        }
                    }
                }
                (Mode::Payment, None) => p.price.num { (money(session, session.due_now)) },
            }
        }
    }
}

fn pay_form(session: &CheckoutPage, secret: &str, form: &CheckoutForm, errors: &Errors) -> Markup {
    html! {
        form.card.stack method="post" action={ "/pay/" (secret) } novalidate aria-labelledby="details" {
            h2 id="details" {
                @if session.mode == Mode::Setup { "Card details" } @else { "Payment details" }
            }
            (Field { id: "email", label: "E-mail", kind: "email", autocomplete: "email", value: &form.email,
                     fixed: session.email_is_fixed, ..Field::default() }.render(errors))
            @if session.card_required { (card::fields(form.card.name(), errors)) }
            @if let Some(required) = session.tax_id { (tax_id(required, form, errors)) }
            @if session.consent_to_terms { (terms(form.terms.is_some(), errors)) }
            @if let Some(message) = &session.submit_message { p.small { (message) } }
            (form::submit(&submit_label(session)))
            p.soft.small { (small_print(session, "this card")) }
        }
        @if session.debit.is_some() {
            p { a href={ "/pay/" (secret) "/bank-account" } { "Pay from a bank account instead" } }
        }
        @if session.card_required { (card::test_cards()) }
    }
}

/// The tax id of a business, with the kind it is of.
fn tax_id(IsRequired(required): IsRequired, form: &CheckoutForm, errors: &Errors) -> Markup {
    html! {
        fieldset.stack {
            legend { "Tax ID" @if !required { " (if you buy as a business)" } }
            div.field {
                label for="tax-id-type" { "Kind" }
                select id="tax-id-type" name="tax-id-type" {
                    @for (kind, example) in OFFERED {
                        option value=(kind) selected[form.tax_id_type == *kind] { (example) }
                    }
                }
            }
            (Field { id: "tax-id", label: "Number", value: &form.tax_id, optional: !required, ..Field::default() }
                .render(errors))
        }
    }
}

fn terms(agreed: bool, errors: &Errors) -> Markup {
    let error = errors.of("terms");
    html! {
        div.field {
            label.choice for="terms" {
                input type="checkbox" id="terms" name="terms" value="yes" checked[agreed] required
                    aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| "terms-error")];
                span { "I agree to the terms of service." }
            }
            @if let Some(error) = error { span.msg id="terms-error" { (error) } }
        }
    }
}

/// What is agreed to; `payer` is what is charged, as in `this card`.
pub(super) fn small_print(session: &CheckoutPage, payer: &str) -> String {
    let merchant = &session.merchant;
    match session.mode {
        Mode::Subscription => match (session.trial_end, recurring(session)) {
            (Some(end), Some(recurring)) => format!(
                "Free until {}, then {recurring} until you cancel. Cancel before that day and nothing is charged.",
                display::date(end)
            ),
            _ => format!("{merchant} charges {payer} again each period until you cancel."),
        },
        Mode::Payment => format!("{merchant} charges {payer} once."),
        Mode::Setup => format!("{merchant} may charge {payer} later, as agreed with you."),
    }
}
