//! The confirmation of a change of plan: what changes, what it costs, and the last word.

use maud::{Markup, html};

use super::{Shown, in_flow};
use crate::sandbox::pages::display;
use crate::sandbox::pages::form::{Errors, Field};
use crate::sandbox::pages::portal::{
    Portal,
    home::{card_name, price},
};
use crate::sandbox::portal::{Offer, PortalSubscription, Task, WantedChange};

pub(super) fn confirm_view(
    portal: &Portal,
    subscription: &PortalSubscription,
    offer: &Offer,
    shown: &Shown,
    refusal: Option<&str>,
) -> Markup {
    let Shown { wanted, preview } = shown;
    let money = |amount: i64| display::amount(amount, &preview.currency);
    let every = display::interval(&offer.cadence.interval, offer.cadence.count);
    let card = portal
        .page
        .payment_methods
        .iter()
        .find(|card| Some(&card.id) == subscription.payment_method.as_ref());
    let difference: i64 = preview.lines.iter().map(|(_, amount)| amount).sum();
    let body = html! {
        h1 { "Confirm your update" }
        @if let Some(refusal) = refusal { p.notice.bad role="alert" { (refusal) } }
        section.card.stack aria-labelledby="change" {
            h2 id="change" { "Your plan" }
            dl.kv {
                dt { "Now" }
                dd.num { (subscription.product_name) ", " (price(subscription)) }
                dt { "New" }
                dd.strong.num {
                    (offer.product_name) ", "
                    @match &offer.unit_amount {
                        Some(unit) => {
                            @if preview.quantity != 1 { (preview.quantity) " × " }
                            (display::unit(Some(unit), offer.amount, &offer.currency))
                        }
                        None => (money(preview.recurring_total)),
                    }
                    " " (every)
                }
                @if preview.waits { dt { "From" } dd.num { (display::date(preview.renews_at)) } }
            }
        }
        section.card.stack aria-labelledby="cost" {
            h2 id="cost" { "What you pay" }
            @if !preview.lines.is_empty() {
                dl.totals.plain.soft.small.num { @for (text, amount) in &preview.lines { dt { (text) } dd { (money(*amount)) } } }
            }
            dl.totals.num {
                dt.due { "Due today" }
                dd.due data-testid="due-today" { (money(preview.due_now)) }
                @if preview.due_now == 0 && difference > 0 {
                    dt { "Added to your next invoice" }
                    dd { (money(difference)) }
                }
                @if preview.credit > 0 {
                    dt { "Credit for your next invoices" }
                    dd { (money(preview.credit)) }
                }
                dt.soft { "From " (display::date(preview.renews_at)) }
                dd.soft {
                    (money(preview.recurring_total)) " " (every)
                    @if preview.adds_tax { ", plus tax" }
                }
            }
            @if let (Some(card), true) = (card, preview.due_now > 0) {
                p.soft.small.num { "Charged to " (card_name(card)) "." }
            }
        }
        @if portal.page.features.promotion_codes { (promotion_code(portal, subscription, wanted)) }
        form.row method="post" action=(portal.subscription_path(&subscription.id, "confirm")) {
            input type="hidden" name="price" value=(offer.price);
            // The change is to cost what this page says.
            input type="hidden" name="at" value=(preview.at);
            @if let Some(quantity) = wanted.quantity { input type="hidden" name="quantity" value=(quantity); }
            @if let Some(code) = &wanted.code { input type="hidden" name="code" value=(code); }
            button.btn type="submit" data-testid="submit" { "Confirm" }
            @if !matches!(portal.page.flow.as_ref().map(|flow| &flow.task), Some(Task::SubscriptionUpdateConfirm { .. })) {
                a.btn.quiet href=(portal.subscription_path(&subscription.id, "update")) { "Go back" }
            }
        }
    };
    portal.frame("Confirm your update", portal.way_back(in_flow(portal)), body)
}

/// The field for a code, which shows the cost anew.
fn promotion_code(
    portal: &Portal,
    subscription: &PortalSubscription,
    wanted: &WantedChange,
) -> Markup {
    let code = wanted.code.as_deref().unwrap_or_default();
    html! {
        form.row.end method="get" action=(portal.subscription_path(&subscription.id, "confirm")) {
            input type="hidden" name="price" value=(wanted.price);
            @if let Some(quantity) = wanted.quantity { input type="hidden" name="quantity" value=(quantity); }
            (Field { id: "code", label: "Promotion code", value: code, optional: true, ..Field::default() }
                .render(&Errors::default()))
            button.btn.quiet type="submit" { "Recalculate" }
        }
    }
}
