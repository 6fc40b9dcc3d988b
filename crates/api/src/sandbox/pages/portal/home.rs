//! The portal's home: plans, cards, billing information and history at a glance.

use actix_web::web;
use maud::{Markup, html};

use super::{DoneQuery, Portal};
use crate::sandbox::Sandbox;
use crate::sandbox::pages::display;
use crate::sandbox::pages::reply::{self, Answer};
use crate::sandbox::portal::{
    Address, PortalCustomer, PortalInvoice, PortalPaymentMethod, PortalSubscription,
};

/// `GET /portal/{secret}/home`
pub(in crate::sandbox::pages) async fn show(
    sandbox: web::Data<Sandbox>,
    secret: web::Path<String>,
    query: web::Query<DoneQuery>,
) -> Answer {
    let portal = Portal::load(&sandbox, &secret).await?;
    let page = &portal.page;
    let heading = page.business.headline.as_deref().unwrap_or("Manage your plan and billing");
    let body = html! {
        div.stack {
            h1 { (heading) }
            @if let Some(done) = query.done { p.notice.good role="status" { (done.message()) } }
            (overdue(&portal))
        }
        (plans(&portal))
        @if page.features.payment_method_update { (payment_methods(&portal)) }
        @if !page.features.customer_update.is_empty() { (billing_information(&portal)) }
        @if page.features.invoice_history { (billing_history(&page.invoices)) }
    };
    let way_back =
        page.return_url.as_ref().map(|url| (format!("Return to {}", page.merchant), url.clone()));
    Ok(reply::page(portal.frame("Billing", way_back, body)))
}

/// `$10.00 per month`, or `2 × $10.00 per month`.
pub(super) fn price(subscription: &PortalSubscription) -> String {
    let every = display::interval(&subscription.cadence.interval, subscription.cadence.count);
    let Some(unit) = &subscription.unit_amount else {
        return format!("{} {every}", display::amount(subscription.amount, &subscription.currency));
    };
    let one = display::unit(Some(unit), subscription.amount, &subscription.currency);
    match subscription.quantity {
        1 => format!("{one} {every}"),
        quantity => format!("{quantity} × {one} {every}"),
    }
}

/// `Visa •••• 4242`
pub(super) fn card_name(card: &PortalPaymentMethod) -> String {
    format!("{} •••• {}", display::card_brand(&card.brand), card.last4)
}

fn section(id: &str, title: &str, body: Markup) -> Markup {
    html! {
        section.card.stack aria-labelledby=(id) {
            h2 id=(id) { (title) }
            (body)
        }
    }
}

/// The call to pay when a payment has failed, with the way to do it.
fn overdue(portal: &Portal) -> Markup {
    let failing = |subscription: &&PortalSubscription| {
        matches!(subscription.status.as_str(), "past_due" | "unpaid" | "incomplete")
    };
    let open = portal.page.invoices.iter().find(|invoice| invoice.status == "open");
    html! {
        @if let Some(subscription) = portal.page.subscriptions.iter().find(failing) {
            div.notice.warn.row.apart role="status" {
                span {
                    "The last payment for " (subscription.product_name) " did not go through. "
                    "Update your card, or pay the open invoice."
                }
                @if let Some(url) = open.and_then(|invoice| invoice.hosted_invoice_url.as_deref()) {
                    a href=(url) { "Pay invoice" }
                }
            }
        }
    }
}

fn plans(portal: &Portal) -> Markup {
    let subscriptions = &portal.page.subscriptions;
    let title = if subscriptions.len() > 1 { "Current plans" } else { "Current plan" };
    section(
        "plan",
        title,
        html! {
            @if subscriptions.is_empty() { p.soft { "You have no plan at the moment." } }
            @for subscription in subscriptions { (plan(portal, subscription)) }
        },
    )
}

fn plan(portal: &Portal, subscription: &PortalSubscription) -> Markup {
    let features = &portal.page.features;
    let card = portal
        .page
        .payment_methods
        .iter()
        .find(|card| Some(&card.id) == subscription.payment_method.as_ref());
    let cancel = subscription.ends_at.is_none() && features.subscription_cancel.is_some();
    let is_paused = subscription.status == "paused";
    let pause = features.subscription_pause.is_some()
        && subscription.ends_at.is_none()
        && matches!(subscription.status.as_str(), "active" | "trialing" | "past_due" | "paused");
    let undo = subscription.ends_at.is_some() && features.subscription_cancel.is_some();
    html! {
        div.stack data-testid="subscription" {
            div.row.apart {
                div.stack.tight {
                    h3 { (subscription.product_name) }
                    p.num { (price(subscription)) }
                }
                (status(subscription))
            }
            p.soft.num { (what_is_next(subscription)) }
            @if let Some(card) = card {
                p.soft.small.num { "Paid with " (card_name(card)) }
            }
            @if subscription.is_changeable && features.subscription_update || cancel || undo || pause {
                div.row {
                    @if subscription.is_changeable && features.subscription_update {
                        a.btn href=(portal.subscription_path(&subscription.id, "update")) { "Update plan" }
                    }
                    @if pause && is_paused {
                        form method="post" action=(portal.subscription_path(&subscription.id, "unpause")) {
                            button.btn type="submit" { "Resume plan" }
                        }
                    } @else if pause {
                        a.btn.quiet href=(portal.subscription_path(&subscription.id, "pause")) { "Pause plan" }
                    }
                    @if cancel {
                        a.btn.quiet href=(portal.subscription_path(&subscription.id, "cancel")) { "Cancel plan" }
                    }
                    @if undo {
                        form method="post" action=(portal.subscription_path(&subscription.id, "resume")) {
                            button.btn type="submit" { "Don't cancel plan" }
                        }
                    }
                }
            }
        }
    }
}

fn status(subscription: &PortalSubscription) -> Markup {
    let (class, text) = match subscription.status.as_str() {
        _ if subscription.ends_at.is_some() => ("pill warn", "Ends soon"),
        "active" => ("pill good", "Active"),
        "trialing" => ("pill good", "Free trial"),
        "past_due" | "unpaid" => ("pill bad", "Payment failed"),
        "incomplete" => ("pill warn", "Payment incomplete"),
        "paused" => ("pill", "Paused"),
        "canceled" | "incomplete_expired" => ("pill", "Ended"),
        _ => ("pill", "Other"),
    };
    html! { span class=(class) data-testid="status" { (text) } }
}

fn what_is_next(subscription: &PortalSubscription) -> String {
    match (subscription.ends_at, subscription.status.as_str()) {
        (Some(end), _) => format!("Your plan will be canceled on {}.", display::date(end)),
        (None, "trialing") => {
            let end = subscription.trial_end.unwrap_or(subscription.current_period_end);
            format!(
                "Your free trial ends on {}. After that, {}.",
                display::date(end),
                price(subscription)
            )
        }
        (None, "active" | "past_due") => {
            format!("Your plan renews on {}.", display::date(subscription.current_period_end))
        }
        (None, "paused") => match subscription.resumes_at {
            Some(end) => format!("Your plan is paused until {}.", display::date(end)),
            None => "Your plan is paused until you resume it.".to_owned(),
        },
        (None, _) => "Your plan starts again once its invoice is paid.".to_owned(),
    }
}

fn payment_methods(portal: &Portal) -> Markup {
    let cards = &portal.page.payment_methods;
    let list = html! {
        @if cards.is_empty() { p.soft { "No card is saved." } } @else {
            ul.list { @for card in cards { (payment_method(portal, card)) } }
        }
        div.row { a.btn.quiet href=(portal.path("/payment-methods/add")) { "Add payment method" } }
    };
    section("payment-methods", "Payment methods", list)
}

fn payment_method(portal: &Portal, card: &PortalPaymentMethod) -> Markup {
    let action = |what: &str| portal.path(&format!("/payment-methods/{}/{what}", card.id));
    html! {
        li data-testid="payment-method" {
            div.row id=(card.id) {
                span.num { (card_name(card)) }
                span.soft.small.num { "Expires " (format!("{:02}/{}", card.exp_month, card.exp_year)) }
                @if card.is_default { span.pill { "Default" } }
            }
            div.row {
                @if !card.is_default {
                    form method="post" action=(action("default")) {
                        button.btn.quiet.slim type="submit" aria-describedby=(card.id) { "Make default" }
                    }
                }
                @if card.is_removable {
                    a.btn.quiet.slim href=(action("remove")) aria-describedby=(card.id) { "Remove" }
                }
            }
        }
    }
}

fn billing_information(portal: &Portal) -> Markup {
    let PortalCustomer { email, name, phone, address, balance, .. } = &portal.page.customer;
    let currency =
        portal.page.subscriptions.first().map(|subscription| subscription.currency.as_str());
    let rows = [("Name", name), ("E-mail", email), ("Phone", phone)];
    let list = html! {
        dl.kv {
            @for (label, value) in rows {
                @if let Some(value) = value { dt { (label) } dd { (value) } }
            }
            @if let Some(address) = address { dt { "Address" } dd { (postal_address(address)) } }
            @if let (Some(currency), true) = (currency, *balance < 0) {
                dt { "Credit" } dd.num { (display::amount(-balance, currency)) }
            }
        }
        div.row { a.btn.quiet href=(portal.path("/billing-information")) { "Update information" } }
    };
    section("billing-information", "Billing information", list)
}

/// An address on as many lines as it has.
pub(in crate::sandbox::pages) fn postal_address(address: &Address) -> Markup {
    let Address { line1, line2, city, state, postal_code, country } = address;
    let town: Vec<&str> =
        [postal_code, city, state].into_iter().flatten().map(String::as_str).collect();
    let town = Some(town.join(" ")).filter(|town| !town.is_empty());
    let lines: Vec<&String> = [line1, line2, &town, country].into_iter().flatten().collect();
    html! { @for (place, line) in lines.iter().enumerate() { @if place > 0 { br; } (line) } }
}

fn billing_history(invoices: &[PortalInvoice]) -> Markup {
    let table = html! {
        @if invoices.is_empty() { p.soft { "There are no invoices yet." } } @else {
            table.stacking {
                thead { tr { th scope="col" { "Date" } th scope="col" { "What for" } th scope="col" { "Status" }
                    th scope="col" { "Total" } } }
                tbody { @for invoice in invoices { (history_row(invoice)) } }
            }
        }
    };
    section("billing-history", "Billing history", table)
}

fn history_row(invoice: &PortalInvoice) -> Markup {
    let total = display::amount(invoice.total, &invoice.currency);
    html! {
        tr data-testid="invoice" {
            td.num {
                @match &invoice.hosted_invoice_url {
                    Some(url) => a href=(url) { (display::date(invoice.created)) },
                    None => (display::date(invoice.created)),
                }
            }
            td.soft { (invoice.description) }
            td { (invoice_status(&invoice.status)) }
            td.num { (total) }
        }
    }
}

/// Stripe's invoice status as a pill.
pub(in crate::sandbox::pages) fn invoice_status(status: &str) -> Markup {
    let (class, text) = match status {
        "paid" => ("pill good", "Paid"),
        "open" => ("pill warn", "Open"),
        "void" => ("pill", "Void"),
        "uncollectible" => ("pill bad", "Uncollectible"),
        other => ("pill", other),
    };
    html! { span class=(class) { (text) } }
}
