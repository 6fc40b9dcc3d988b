//! The hosted invoice.

use super::{IS_DECLINED, PAYS, Stage, card};

#[tokio::test]
async fn a_paid_invoice_is_a_receipt_on_the_page_and_as_a_pdf() {
    let stage = Stage::start().await;
    let customer = stage.subscriber("pro").await;
    let mut invoices = stage.api_get(&format!("invoices?customer={customer}")).await;
    let invoice = invoices["data"][0].take();

    let page = stage.open(invoice["hosted_invoice_url"].as_str().unwrap()).await;
    for text in [
        "Receipt",
        invoice["number"].as_str().unwrap(),
        "$10.00",
        "Paid",
        "Visa •••• 4242",
        "ada@example.com",
    ] {
        page.assert_shows(text);
    }
    page.assert_lacks("Pay this invoice");

    let pdf = stage.open(invoice["invoice_pdf"].as_str().unwrap()).await;
    assert_eq!(pdf.status, 200);
    assert_eq!(pdf.headers["content-type"], "application/pdf");
    assert!(pdf.body.starts_with("%PDF-"));
    assert!(pdf.body.trim_end().ends_with("%%EOF"));
}

#[tokio::test]
async fn an_open_invoice_is_paid_with_a_card() {
    let stage = Stage::start().await;
    let customer = stage.customer().await;
    let price = stage.price("pro").await;
    let fields = [
        ("customer", customer.as_str()),
        ("items[0][price]", price.as_str()),
        ("payment_behavior", "default_incomplete"),
        ("expand[]", "latest_invoice"),
    ];
    let subscription = stage.api("subscriptions", &fields).await;
    assert_eq!(subscription["status"], "incomplete");
    let address = subscription["latest_invoice"]["hosted_invoice_url"].as_str().unwrap();

    stage.open(address).await.assert_shows("Pay $10.00");
    let refused = stage.send(address, &card(IS_DECLINED)).await;
    assert_eq!(refused.status, 422);
    refused.assert_shows("Your card was declined.");
    let paid = stage.send(address, &card(PAYS)).await;
    stage.follow(paid.location()).await.assert_shows("Receipt");
    assert_eq!(stage.subscription(&customer).await["status"], "active");
}
