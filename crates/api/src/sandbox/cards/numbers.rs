//! The numbers of Stripe's test cards, and what each of them does.

use super::{Behaviour, Decline, Ground};

const fn declined(decline_code: &'static str) -> Decline {
    Decline { code: "card_declined", decline_code: Some(decline_code) }
}

const GENERIC: Decline = declined("generic_decline");
const INSUFFICIENT_FUNDS: Decline = declined("insufficient_funds");
const EXPIRED: Decline = Decline { code: "expired_card", decline_code: Some("expired_card") };
const INCORRECT_CVC: Decline =
    Decline { code: "incorrect_cvc", decline_code: Some("incorrect_cvc") };
const PROCESSING_ERROR: Decline =
    Decline { code: "processing_error", decline_code: Some("processing_error") };
/// What a number that is none of these gets.
pub(super) const NOT_A_TEST_CARD: Decline = declined("test_mode_live_card");

const FRAUDULENT: Ground =
    Ground { reason: "fraudulent", network_reason_code: "10.4", is_inquiry: false };
const NOT_RECEIVED: Ground =
    Ground { reason: "product_not_received", network_reason_code: "13.1", is_inquiry: false };
const INQUIRY: Ground =
    Ground { reason: "fraudulent", network_reason_code: "10.4", is_inquiry: true };

/// `(number, word in tok_… and pm_card_…, behaviour)`: <https://docs.stripe.com/testing>.
pub(super) const TEST_CARDS: &[(&str, &str, Behaviour)] = &[
    ("4242424242424242", "visa", Behaviour::Pays),
    ("4000056655665556", "visa_debit", Behaviour::Pays),
    ("5555555555554444", "mastercard", Behaviour::Pays),
    ("2223003122003222", "mastercard_2series", Behaviour::Pays),
    ("5200828282828210", "mastercard_debit", Behaviour::Pays),
    ("5105105105105100", "mastercard_prepaid", Behaviour::Pays),
    ("378282246310005", "amex", Behaviour::Pays),
    ("371449635398431", "amex_second", Behaviour::Pays),
    ("6011111111111117", "discover", Behaviour::Pays),
    ("6011000990139424", "discover_second", Behaviour::Pays),
    ("6011981111111113", "discover_debit", Behaviour::Pays),
    ("3056930009020004", "diners", Behaviour::Pays),
    ("36227206271667", "diners_14digits", Behaviour::Pays),
    ("6555900000604105", "bccard", Behaviour::Pays),
    ("3566002020360505", "jcb", Behaviour::Pays),
    ("6200000000000005", "unionpay", Behaviour::Pays),
    ("6200000000000047", "unionpay_debit", Behaviour::Pays),
    ("6205500000000000004", "unionpay_19digits", Behaviour::Pays),
    ("4000002500001001", "visa_cartesBancaires", Behaviour::Pays),
    ("5555552500001001", "mastercard_cartesBancaires", Behaviour::Pays),
    ("4000002500003155", "authenticationRequiredOnSetup", Behaviour::AuthenticatesOnce),
    ("4000003800000446", "authenticationRequiredSetupForOffSession", Behaviour::AuthenticatesOnce),
    ("4000002760003184", "authenticationRequired", Behaviour::AuthenticatesAlways),
    ("4000000000003220", "threeDSecure2Required", Behaviour::AuthenticatesAlways),
    ("4000000000003063", "threeDSecureRequired", Behaviour::AuthenticatesAlways),
    ("4000000000003055", "threeDSecureOptional", Behaviour::Pays),
    ("4000000000003097", "threeDSecureOptionalProcessingError", Behaviour::Pays),
    (
        "4000008260003178",
        "authenticationRequiredChargeDeclinedInsufficientFunds",
        Behaviour::AuthenticatesThenDeclines(INSUFFICIENT_FUNDS),
    ),
    (
        "4000008400001629",
        "threeDSecureRequiredChargeDeclined",
        Behaviour::AuthenticatesThenDeclines(GENERIC),
    ),
    (
        "4000008400001280",
        "threeDSecureRequiredProcessingError",
        Behaviour::AuthenticatesThenDeclines(PROCESSING_ERROR),
    ),
    ("4000000000000002", "chargeDeclined", Behaviour::Declines(GENERIC)),
    (
        "4000000000009995",
        "chargeDeclinedInsufficientFunds",
        Behaviour::Declines(INSUFFICIENT_FUNDS),
    ),
    ("4000000000009987", "chargeDeclinedLostCard", Behaviour::Declines(declined("lost_card"))),
    ("4000000000009979", "chargeDeclinedStolenCard", Behaviour::Declines(declined("stolen_card"))),
    ("4000000000000069", "chargeDeclinedExpiredCard", Behaviour::Declines(EXPIRED)),
    ("4000000000000127", "chargeDeclinedIncorrectCvc", Behaviour::Declines(INCORRECT_CVC)),
    ("4000000000000119", "chargeDeclinedProcessingError", Behaviour::Declines(PROCESSING_ERROR)),
    (
        "4000000000006975",
        "chargeDeclinedVelocityLimitExceeded",
        Behaviour::Declines(declined("card_velocity_exceeded")),
    ),
    ("4100000000000019", "chargeDeclinedFraudulent", Behaviour::Declines(declined("fraudulent"))),
    ("4000000000004954", "riskLevelHighest", Behaviour::Declines(declined("fraudulent"))),
    ("4000000000009235", "riskLevelElevated", Behaviour::Pays),
    ("4000000000000101", "cvcCheckFail", Behaviour::Declines(INCORRECT_CVC)),
    ("4000000000000036", "avsZipFail", Behaviour::Pays),
    ("4000000000000010", "avsFail", Behaviour::Pays),
    ("4000000000000028", "avsLine1Fail", Behaviour::Pays),
    ("4000000000000044", "avsUnchecked", Behaviour::Pays),
    ("4000000000000341", "chargeCustomerFail", Behaviour::DeclinesCharges(GENERIC)),
    ("4000000000000259", "createDispute", Behaviour::IsDisputed(FRAUDULENT)),
    ("4000000000002685", "createDisputeProductNotReceived", Behaviour::IsDisputed(NOT_RECEIVED)),
    ("4000000000001976", "createDisputeInquiry", Behaviour::IsDisputed(INQUIRY)),
    ("4000000000005423", "createIssuerFraudWarning", Behaviour::Pays),
    ("4000000000000077", "bypassPending", Behaviour::Pays),
    ("4000000000007726", "pendingRefund", Behaviour::RefundsLater),
    ("4000000000005126", "refundFail", Behaviour::FailsRefunds),
];

/// Cards that pay, by the country they were issued in (two letters, lower case, as in `pm_card_gb`).
pub(super) const COUNTRY_CARDS: &[(&str, &str)] = &[
    ("4000007840000001", "ae"),
    ("4000000320000021", "ar"),
    ("4000000400000008", "at"),
    ("4000000360000006", "au"),
    ("4000000560000004", "be"),
    ("4000001000000000", "bg"),
    ("4000000760000002", "br"),
    ("4000001120000005", "by"),
    ("4000001240000000", "ca"),
    ("4000007560000009", "ch"),
    ("4000001520000001", "cl"),
    ("4000001560000002", "cn"),
    ("4000001700000003", "co"),
    ("4000001880000005", "cr"),
    ("4000001960000008", "cy"),
    ("4000002030000002", "cz"),
    ("4000002760000016", "de"),
    ("4000002080000001", "dk"),
    ("4000002180000000", "ec"),
    ("4000002330000009", "ee"),
    ("4000007240000007", "es"),
    ("4000002460000001", "fi"),
    ("4000002500000003", "fr"),
    ("4000008260000000", "gb"),
    ("4000058260000005", "gb_debit"),
    ("4000002920000005", "gi"),
    ("4000003000000030", "gr"),
    ("4000003440000004", "hk"),
    ("4000001910000009", "hr"),
    ("4000003480000005", "hu"),
    ("4000003720000005", "ie"),
    ("4000003560000008", "in"),
    ("4000003800000008", "it"),
    ("4000003920000003", "jp"),
    ("4000004380000004", "li"),
    ("4000004400000000", "lt"),
    ("4000004420000006", "lu"),
    ("4000004280000005", "lv"),
    ("4000004700000007", "mt"),
    ("4000004840008001", "mx"),
    ("4000004580000002", "my"),
    ("4000005280000002", "nl"),
    ("4000005780000007", "no"),
    ("4000005540000008", "nz"),
    ("4000005910000000", "pa"),
    ("4000006040000068", "pe"),
    ("4000006160000005", "pl"),
    ("4000006200000007", "pt"),
    ("4000006000000066", "py"),
    ("4000006420000001", "ro"),
    ("4000006820000007", "sa"),
    ("4000007520000008", "se"),
    ("4000007020000003", "sg"),
    ("4000007050000006", "si"),
    ("4000007030000001", "sk"),
    ("4000007640000003", "th"),
    ("4000001580000008", "tw"),
    ("4000008580000003", "uy"),
];
