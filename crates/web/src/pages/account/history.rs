//! What was paid.

use std::rc::Rc;

use shared::{
    account::Account,
    billing::{Invoice, Invoices},
    money::Money,
    paths,
};
use yew::prelude::*;

use crate::{
    format,
    resource::{Resource, use_resource},
    ui::placeholder::{skeleton, unavailable},
};

#[derive(Properties, PartialEq)]
pub(super) struct BillingHistoryProps {
    /// Invoices are read again when it changes.
    pub(super) account: Rc<Account>,
}

/// The invoices, newest first.
#[component]
pub(super) fn BillingHistory(props: &BillingHistoryProps) -> Html {
    let fetched =
        use_resource::<Invoices>(Some(paths::INVOICES.to_owned()), Some(props.account.clone()));
    let body = match &fetched.resource {
        Resource::Loading => skeleton(2, "rows table"),
        Resource::Failed(error) => unavailable(error, &fetched.retry),
        Resource::Ready(page) if page.invoices.is_empty() => html! {
            <p class="soft">{ "Nothing has been charged yet." }</p>
        },
        Resource::Ready(page) => html! {
            <table>
                <thead><tr><th scope="col">{ "Date" }</th><th scope="col">{ "Invoice" }</th>
                    <th scope="col">{ "Status" }</th><th scope="col">{ "Total" }</th></tr></thead>
                <tbody>{ for page.invoices.iter().map(invoice_row) }</tbody>
            </table>
        },
    };
    html! { <div class="card history"><h2 class="h3">{ "Billing history" }</h2>{ body }</div> }
}

fn invoice_row(invoice: &Invoice) -> Html {
    let total = format::amount(&Money::new(invoice.total, &invoice.currency));
    let number = invoice.number.as_deref().unwrap_or("Draft");
    let total = match &invoice.hosted_invoice_url {
        Some(url) => html! {
            <a href={url.clone()} aria-label={format!("{total}, invoice {number}")}>{ &total }</a>
        },
        None => html! { { &total } },
    };
    html! {
        <tr key={invoice.id.clone()}>
            <td>{ format::date(invoice.created) }</td>
            <td class="num">{ number }</td>
            <td>{ status_words(invoice.status.as_deref()) }</td>
            <td class="num">{ total }</td>
        </tr>
    }
}

/// Stripe's word for an invoice's state, for people.
fn status_words(status: Option<&str>) -> &'static str {
    match status {
        Some("paid") => "Paid",
        Some("open") => "Open",
        Some("void") => "Void",
        Some("uncollectible") => "Given up",
        _ => "In preparation",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_of_an_invoice_has_words() {
        for (status, words) in [
            (Some("paid"), "Paid"),
            (Some("open"), "Open"),
            (Some("draft"), "In preparation"),
            (None, "In preparation"),
        ] {
            assert_eq!(status_words(status), words);
        }
    }
}
