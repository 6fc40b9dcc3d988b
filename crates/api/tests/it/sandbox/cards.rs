//! What each of Stripe's documented test cards does.

use super::{Sandbox, text};

/// Confirms a payment with the card behind a magic id: the intent's status, or the error's codes.
async fn pay(sandbox: &Sandbox, card: &str, more: &[(&str, &str)]) -> (String, String) {
    let mut form = vec![
        ("amount", "2000"),
        ("currency", "usd"),
        ("confirm", "true"),
        ("payment_method", card),
    ];
    form.extend(more);
    let answer = sandbox.refused("/v1/payment_intents", &form).await;
    let body = answer.json();
    match answer.status {
        200 => (text(&body["status"]).to_owned(), String::new()),
        402 => {
            let word = |name: &str| text(&body["error"][name]).to_owned();
            assert_eq!(body["error"]["type"], "card_error");
            assert_eq!(body["error"]["payment_intent"]["status"], "requires_payment_method");
            (word("code"), word("decline_code"))
        }
        other => panic!("{card}: {other} {body}"),
    }
}

#[tokio::test]
async fn every_documented_card_pays_asks_or_declines() {
    let sandbox = Sandbox::start().await;
    for (card, first, second) in [
        ("pm_card_visa", "succeeded", ""),
        ("pm_card_visa_debit", "succeeded", ""),
        ("pm_card_mastercard", "succeeded", ""),
        ("pm_card_amex", "succeeded", ""),
        ("pm_card_discover", "succeeded", ""),
        ("pm_card_diners", "succeeded", ""),
        ("pm_card_jcb", "succeeded", ""),
        ("pm_card_unionpay", "succeeded", ""),
        ("pm_card_gb", "succeeded", ""),
        ("pm_card_threeDSecureOptional", "succeeded", ""),
        ("pm_card_threeDSecure2Required", "requires_action", ""),
        ("pm_card_authenticationRequired", "requires_action", ""),
        ("pm_card_authenticationRequiredOnSetup", "requires_action", ""),
        ("pm_card_threeDSecureRequiredChargeDeclined", "requires_action", ""),
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedFraudulent", "card_declined", "fraudulent"),
        ("pm_card_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
        ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
        ("pm_card_createDispute", "succeeded", ""),
    ] {
        let (one, two) = pay(&sandbox, card, &[]).await;
        assert_eq!((one.as_str(), two.as_str()), (first, second), "{card}");
    }
}

#[tokio::test]
async fn nobody_there_to_authenticate_is_a_decline() {
    let sandbox = Sandbox::start().await;
    let absent = [("off_session", "true")];
    for card in ["pm_card_authenticationRequired", "pm_card_threeDSecure2Required"] {
        let (code, decline) = pay(&sandbox, card, &absent).await;
        assert_eq!(code, "authentication_required", "{card}");
        assert_eq!(decline, "authentication_required", "{card}");
    }
}

#[tokio::test]
async fn a_card_can_be_saved_and_refused_later() {
    let sandbox = Sandbox::start().await;
    let customer = sandbox.post("/v1/customers", &[]).await;
    let form = [("customer", text(&customer["id"]))];
    let attach = |card: &str| format!("/v1/payment_methods/{card}/attach");
    let saved = sandbox.post(&attach("pm_card_chargeCustomerFail"), &form).await;
    assert_eq!(saved["customer"], customer["id"]);
    let error = sandbox.refused(&attach("pm_card_visa_chargeDeclined"), &form).await.error(402);
    assert_eq!(error["code"], "card_declined");
}
