//! Every state of a membership, in words.

use shared::account::{Access, PaymentProblem};

use super::*;

const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

/// An account in `status` with access where the status gives it.
pub(crate) fn account(status: &str, plan: Option<&str>) -> Account {
    let allowed = matches!(status, "active" | "trialing" | "past_due");
    Account {
        id: "u_1".to_owned(),
        email: "ada@example.com".to_owned(),
        email_verified: false,
        created_at: NOW - DAY,
        stripe_customer_id: plan.map(|_| "cus_1".to_owned()),
        plan: plan.map(str::to_owned),
        subscription_status: status.to_owned(),
        access: Access {
            allowed,
            plan: plan.filter(|_| allowed).map(str::to_owned),
            until: None,
            reason: if allowed { status } else { "no_subscription" }.to_owned(),
        },
        current_period_end: None,
        ends_at: None,
        trial_end: None,
        payment_problem: None,
        pending_email: None,
        deletion_pending: false,
    }
}

#[test]
fn every_state_has_its_own_words_and_one_way_on() {
    let pro = |status: &str| account(status, Some("pro"));
    let problem = |deadline| Some(PaymentProblem { kind: "past_due".to_owned(), deadline });
    let denied = |mut account: Account, reason: &str| {
        account.access =
            Access { allowed: false, plan: None, until: None, reason: reason.to_owned() };
        account
    };
    let mut granted = account("incomplete", None);
    granted.access = Access {
        allowed: true,
        plan: Some("pro".to_owned()),
        until: None,
        reason: "granted".to_owned(),
    };
    let in_three_days = Some(NOW + 3 * DAY);
    for (account, label, remedy) in [
        (account("incomplete", None), "No plan yet", Some(Remedy::SeePlans)),
        (pro("incomplete"), "Payment not finished", Some(Remedy::FinishPayment)),
        (pro("incomplete_expired"), "No plan yet", Some(Remedy::SeePlans)),
        (pro("active"), "Active", None),
        (
            Account { ends_at: in_three_days, ..pro("active") },
            "Cancelled, still open",
            Some(Remedy::ResumePlan),
        ),
        (Account { trial_end: in_three_days, ..pro("trialing") }, "Trial, 3 days left", None),
        (Account { trial_end: Some(NOW + 60), ..pro("trialing") }, "Trial, last day", None),
        (
            Account { payment_problem: problem(in_three_days), ..pro("past_due") },
            "Payment failed",
            Some(Remedy::UpdateCard),
        ),
        (denied(pro("past_due"), "ended"), "Payment failed", Some(Remedy::UpdateCard)),
        (pro("unpaid"), "Unpaid", Some(Remedy::PayInvoice)),
        (pro("paused"), "Paused", Some(Remedy::EndPause)),
        (pro("canceled"), "Ended", Some(Remedy::SeePlans)),
        (denied(pro("active"), "stale"), "Being checked", None),
        (denied(pro("active"), "incomplete"), "Payment on its way", None),
        (denied(pro("past_due"), "incomplete"), "Payment failed", Some(Remedy::PayInvoice)),
        (denied(pro("active"), "refunded"), "Refunded", Some(Remedy::ManageBilling)),
        (denied(pro("active"), "disputed"), "Payment disputed", Some(Remedy::ManageBilling)),
        (denied(pro("active"), "paused"), "On hold", None),
        (granted, "Guest of the house", None),
        (Account { deletion_pending: true, ..pro("active") }, "Being deleted", None),
    ] {
        let standing = Standing::of(&account, None, NOW);
        assert_eq!(standing.label(), label);
        let notice = standing.notice(|on| format!("day {}", (on - NOW) / DAY));
        assert_eq!(notice.and_then(|notice| notice.remedy), remedy, "{label}");
    }
}

#[test]
fn a_failed_payment_names_the_day_access_ends() {
    let problem =
        Some(PaymentProblem { kind: "past_due".to_owned(), deadline: Some(NOW + 5 * DAY) });
    let account = Account { payment_problem: problem, ..account("past_due", Some("pro")) };
    let notice = Standing::of(&account, None, NOW).notice(|on| format!("day {}", (on - NOW) / DAY));
    let text = notice.map(|notice| notice.text);
    assert_eq!(text.as_deref(), Some("You can listen until day 5. Update your card to stay in."));
}

#[test]
fn a_refund_names_the_day_of_the_next_charge_or_of_the_end() {
    let mut refunded = account("active", Some("pro"));
    refunded.access.allowed = false;
    "refunded".clone_into(&mut refunded.access.reason);
    let period = Some(NOW + 20 * DAY);
    for (ends_at, words) in [
        (None, "Episodes open again with your next payment on day 20."),
        (Some(NOW + 20 * DAY), "your plan ends on day 20 without another charge."),
    ] {
        let account = Account { current_period_end: period, ends_at, ..refunded.clone() };
        let standing = Standing::of(&account, None, NOW);
        let notice = standing.notice(|on| format!("day {}", (on - NOW) / DAY)).unwrap();
        assert!(notice.text.contains(words), "{}", notice.text);
    }
}

#[test]
fn a_plan_whose_end_has_passed_is_not_called_ending() {
    let account = Account { ends_at: Some(NOW - DAY), ..account("active", Some("pro")) };
    assert_eq!(Standing::of(&account, None, NOW), Standing::Active);
}

#[test]
fn a_payment_that_waits_for_the_bank_is_a_state_of_its_own() {
    let invoice = |requires_action| OpenInvoice {
        id: "in_1".to_owned(),
        amount_due: 1000,
        currency: "usd".to_owned(),
        hosted_invoice_url: "https://invoice.example/1".to_owned(),
        requires_action,
    };
    let deadline = Some(NOW + 5 * DAY);
    let problem = |deadline| Some(PaymentProblem { kind: "past_due".to_owned(), deadline });
    let past_due =
        Account { payment_problem: problem(deadline), ..account("past_due", Some("pro")) };
    for (account, owed, expected) in [
        (&past_due, invoice(true), Standing::ConfirmationNeeded { deadline }),
        (&past_due, invoice(false), Standing::PastDue { deadline }),
        (
            &account("incomplete", Some("pro")),
            invoice(true),
            Standing::ConfirmationNeeded { deadline: None },
        ),
        (&account("incomplete", Some("pro")), invoice(false), Standing::PaymentUnfinished),
        (&account("active", Some("pro")), invoice(true), Standing::Active),
    ] {
        let standing = Standing::of(account, Some(&owed), NOW);
        assert_eq!(standing, expected);
        let notice = standing.notice(|on| format!("day {}", (on - NOW) / DAY));
        let confirms = notice.is_some_and(|notice| notice.remedy == Some(Remedy::ConfirmPayment));
        assert_eq!(confirms, matches!(expected, Standing::ConfirmationNeeded { .. }));
    }
}
