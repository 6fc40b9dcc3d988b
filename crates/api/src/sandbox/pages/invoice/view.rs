//! The invoice's page.

use maud::{Markup, html};

use super::{is_paid, number, path};
use crate::sandbox::invoice_page::{InvoicePage, InvoicePageLine};
use crate::sandbox::pages::form::{self, Errors};
use crate::sandbox::pages::portal::home::{invoice_status, postal_address};
use crate::sandbox::pages::shell::{self, Frame};
use crate::sandbox::pages::{card, display};

/// The whole page; `name` and `errors` belong to the form of an open invoice.
pub(super) fn page(invoice: &InvoicePage, secret: &str, name: &str, errors: &Errors) -> Markup {
    let title = if is_paid(invoice) { "Receipt" } else { "Invoice" };
    let body = html! {
        div.stack.wide {
            div.row.apart {
                (shell::business(&invoice.merchant))
                div.row.no-print {
                    button.btn.quiet.slim type="button" hidden data-print { "Print" }
                    a.btn.quiet.slim href={ (path(secret)) "/pdf" } { "Download PDF" }
                }
            }
            article.card.stack.wide {
                (head(invoice, title))
                (parties(invoice))
                (lines(invoice))
            }
            @if invoice.status == "open" && invoice.amount_due > 0 { (pay_form(invoice, secret, name, errors)) }
        }
    };
    shell::page(
        &format!("{title} {} · {}", number(invoice), invoice.merchant),
        Frame::Column,
        &[],
        body,
    )
}

fn money(invoice: &InvoicePage, amount: i64) -> String {
    display::amount(amount, &invoice.currency)
}

fn head(invoice: &InvoicePage, title: &str) -> Markup {
    let (label, amount) =
        if is_paid(invoice) { ("paid", invoice.amount_paid) } else { ("due", invoice.amount_due) };
    html! {
        div.stack.tight {
            div.row.apart { h1 { (title) } (invoice_status(&invoice.status)) }
            p.price.num { (money(invoice, amount)) " " small { (label) } }
            @if let Some(paid_at) = invoice.paid_at {
                p.soft.num {
                    "Paid on " time datetime=(display::iso_date(paid_at)) { (display::date(paid_at)) }
                    @if let Some((brand, last4)) = &invoice.paid_with {
                        " with " (display::card_brand(brand)) " •••• " (last4)
                    }
                }
            }
        }
    }
}

fn parties(invoice: &InvoicePage) -> Markup {
    html! {
        dl.kv {
            dt { "Number" }
            dd.num { (number(invoice)) }
            dt { "Date" }
            dd.num { time datetime=(display::iso_date(invoice.created)) { (display::date(invoice.created)) } }
            dt { "From" }
            dd { (invoice.merchant) }
            dt { "To" }
            dd {
                @if let Some(name) = &invoice.customer_name { (name) br; }
                @if let Some(email) = &invoice.customer_email { (email) br; }
                @if let Some(address) = &invoice.customer_address { (postal_address(address)) }
                @for tax_id in &invoice.tax_ids { p.num { "Tax ID " (tax_id) } }
            }
        }
    }
}

fn lines(invoice: &InvoicePage) -> Markup {
    html! {
        table.stacking {
            caption.hidden-label { "What this invoice is for" }
            thead { tr { th scope="col" { "Description" } th scope="col" { "Quantity" } th scope="col" { "Amount" } } }
            tbody { @for line in &invoice.lines { (line_row(invoice, line)) } }
        }
        dl.totals.num {
            dt { "Subtotal" }
            dd { (money(invoice, invoice.subtotal)) }
            @for (text, amount) in &invoice.discounts {
                dt { (text) }
                dd { (money(invoice, -amount)) }
            }
            @for (text, amount) in &invoice.taxes {
                dt { (text) }
                dd data-testid="tax" { (money(invoice, *amount)) }
            }
            @if invoice.subtotal != invoice.total || !invoice.taxes.is_empty() {
                dt { "Total" }
                dd { (money(invoice, invoice.total)) }
            }
            @if invoice.credit_applied > 0 {
                dt { "Credit used" }
                dd { (money(invoice, -invoice.credit_applied)) }
            }
            @if invoice.amount_paid > 0 {
                dt { "Paid" }
                dd { (money(invoice, -invoice.amount_paid)) }
            }
            dt.due { "Amount due" }
            dd.due data-testid="amount-due" {
                (money(invoice, if is_paid(invoice) { 0 } else { invoice.amount_due }))
            }
        }
    }
}

fn line_row(invoice: &InvoicePage, line: &InvoicePageLine) -> Markup {
    html! {
        tr {
            td {
                p { (line.description) }
                @if let Some(period) = period(line) { p.soft.small.num { (period) } }
                @for (text, amount) in &line.discounts {
                    p.soft.small.num { (text) ": " (money(invoice, -amount)) }
                }
            }
            td.num { span.soft { "× " } (line.quantity) }
            td.num { (money(invoice, line.amount)) }
        }
    }
}

/// The service period of a line; none for a moment.
pub(super) fn period(line: &InvoicePageLine) -> Option<String> {
    let (start, end) = (display::date(line.period_start), display::date(line.period_end));
    (start != end).then(|| format!("{start} – {end}"))
}

fn pay_form(invoice: &InvoicePage, secret: &str, name: &str, errors: &Errors) -> Markup {
    html! {
        section.stack.no-print aria-labelledby="pay" {
            form.card.stack method="post" action=(path(secret)) novalidate {
                h2 id="pay" { "Pay this invoice" }
                (card::fields(name, errors))
                (form::submit(&format!("Pay {}", money(invoice, invoice.amount_due))))
            }
            (card::test_cards())
        }
    }
}
