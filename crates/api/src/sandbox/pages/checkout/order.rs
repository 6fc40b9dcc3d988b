//! Checkout's order summary: what is bought, how many, what is taken off, and what is due.

use maud::{Markup, html};
use url::Origin;

use super::view::{business_origin, money, own_image, recurring};
use crate::sandbox::checkout::{CheckoutDiscount, CheckoutLine, CheckoutPage, Mode};
use crate::sandbox::pages::form::{Errors, Field};
use crate::sandbox::pages::{display, shell};

/// The order, with the forms that change it.
pub(super) fn order(session: &CheckoutPage, secret: &str, errors: &Errors) -> Markup {
    if session.mode == Mode::Setup {
        return html! {};
    }
    let origin = business_origin(session);
    let subtotal: i64 = session.lines.iter().map(|line| line.amount).sum();
    html! {
        section.stack aria-labelledby="order" {
            h2.hidden-label id="order" { "Order summary" }
            ul.lines {
                @for line in &session.lines { (order_line(session, secret, line, origin.as_ref())) }
            }
            @if let Some(error) = errors.of("quantity") { p.msg role="alert" { (error) } }
            dl.totals.num {
                @if session.trial_days.is_none() {
                    dt { "Subtotal" }
                    dd { (money(session, subtotal)) }
                }
                @if let Some(discount) = &session.discount { (discount_rows(session, discount)) }
                @for (text, amount) in &session.taxes {
                    dt { (text) }
                    dd data-testid="tax" { (money(session, *amount)) }
                }
                @if let (Some(end), Some(recurring)) = (session.trial_end, recurring(session)) {
                    dt.soft { "After the trial, from " (display::date(end)) }
                    dd.soft { (recurring) }
                }
                dt.due { "Total due today" }
                dd.due data-testid="total-due" { (money(session, session.due_now)) }
            }
            @if let Some(country) = &session.tax_country { (tax_country(secret, country.as_deref(), errors)) }
            @if session.allow_promotion_codes { (promotion_code(session, secret, errors)) }
        }
    }
}

fn discount_rows(session: &CheckoutPage, discount: &CheckoutDiscount) -> Markup {
    html! {
        dt {
            @if let Some(code) = &discount.code { span.pill { (code) } " " }
            (discount.text)
        }
        dd data-testid="discount" { (money(session, -discount.amount)) }
    }
}

/// The country that decides about the tax.
fn tax_country(secret: &str, country: Option<&str>, errors: &Errors) -> Markup {
    html! {
        form.row.end method="post" action={ "/pay/" (secret) "/tax-country" } novalidate {
            (Field { id: "tax-country", label: "Country code, for tax", autocomplete: "country", placeholder: "US",
                     value: country.unwrap_or_default(), ..Field::default() }.render(errors))
            button.btn.quiet type="submit" { "Update tax" }
        }
    }
}

/// The field for a code, or the way to take the one there is off.
fn promotion_code(session: &CheckoutPage, secret: &str, errors: &Errors) -> Markup {
    let has_code = session.discount.as_ref().is_some_and(|discount| discount.code.is_some());
    html! {
        form.row.end method="post" action={ "/pay/" (secret) "/promotion-code" } novalidate {
            @if has_code {
                input type="hidden" name="promotion-code" value="";
                button.btn.quiet.slim type="submit" { "Remove promotion code" }
            } @else {
                (Field { id: "promotion-code", label: "Promotion code", optional: true, ..Field::default() }
                    .render(errors))
                button.btn.quiet type="submit" { "Apply" }
            }
        }
    }
}

fn order_line(
    session: &CheckoutPage,
    secret: &str,
    line: &CheckoutLine,
    origin: Option<&Origin>,
) -> Markup {
    html! {
        li.line {
            @match origin.and_then(|origin| own_image(line, origin)) {
                Some(image) => img src=(image) alt="" width="44" height="44" referrerpolicy="no-referrer";,
                None => (shell::monogram(&line.name, "thumb")),
            }
            div {
                p.strong { (line.name) }
                @if let Some(description) = &line.description { p.soft.small { (description) } }
                @if let Some(bounds) = line.adjustable { (quantity(secret, line, bounds)) }
                @else if line.quantity != 1 {
                    p.soft.small.num {
                        (line.quantity)
                        @if let Some(unit) = &line.unit_amount {
                            " × " (display::unit(Some(unit), line.amount, &session.currency))
                        }
                    }
                }
                p.soft.small {
                    @match &line.recurring {
                        Some(every) => { "Billed " (display::interval(&every.interval, every.count)) }
                        None => @if session.mode == Mode::Subscription { "Once" },
                    }
                }
            }
            @match (session.trial_days, &line.recurring) {
                (Some(days), Some(_)) => p.num { (display::counted(days, "day")) " free" },
                _ => p.num { (money(session, line.amount)) },
            }
        }
    }
}

/// How many of a line, where the customer may say.
fn quantity(secret: &str, line: &CheckoutLine, (least, most): (i64, i64)) -> Markup {
    let id = format!("quantity-{}", line.id);
    html! {
        form.row.end method="post" action={ "/pay/" (secret) "/quantity" } {
            input type="hidden" name="line" value=(line.id);
            div.field {
                label for=(id) { "Quantity of " (line.name) }
                input id=(id) name="quantity" type="number" inputmode="numeric" min=(least) max=(most)
                    value=(line.quantity) required;
            }
            button.btn.quiet type="submit" { "Update" }
        }
    }
}
