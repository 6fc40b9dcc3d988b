//! What a subscription's state means to its listener: one phrase, at most one notice, one way on. Pure.

use shared::{account::Account, billing::OpenInvoice};

/// The colour a state is shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// All is well.
    Good,
    /// Something is to be done or will end.
    Warn,
    /// Neither.
    Calm,
}

/// Where a membership stands. Times are Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Never subscribed.
    NoPlan,
    /// The first payment is not finished.
    PaymentUnfinished,
    /// Listening before the first charge.
    Trial { days_left: i64, ends: i64 },
    /// A payment waits until the listener's bank has their word (3-D Secure); access until the deadline.
    ConfirmationNeeded { deadline: Option<i64> },
    /// Paid and renewing.
    Active,
    /// Cancelled, paid to the end of the period.
    Ending { on: i64 },
    /// The last payment failed; access until the deadline.
    PastDue { deadline: Option<i64> },
    /// Payment was given up; no access.
    Unpaid,
    /// Collection is paused; no access.
    Paused,
    /// Over.
    Ended { on: Option<i64> },
    /// The operator opened the door.
    Granted { until: Option<i64> },
    /// The account waits for Stripe to confirm its cancellation, then it is gone.
    BeingDeleted,
    /// Live at Stripe, yet the server grants nothing for it: it is looking again.
    Checking,
}

/// Something the listener should know, with the one thing to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) tone: Tone,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) remedy: Option<Remedy>,
}

/// What a notice's button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// To the portal's page for a new card.
    UpdateCard,
    /// To the open invoice's page, which asks the bank.
    ConfirmPayment,
    /// To the open invoice's page.
    PayInvoice,
    /// To the portal's home: Stripe has no flow that takes back a cancellation or a pause.
    ResumePlan,
    /// To the open invoice's page, or to Checkout where that has not made one yet.
    FinishPayment,
    /// To the pricing page.
    SeePlans,
}

impl Remedy {
    /// The button's words.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::UpdateCard => "Update card",
            Self::ConfirmPayment => "Confirm payment",
            Self::PayInvoice => "Pay now",
            Self::ResumePlan => "Resume plan",
            Self::FinishPayment => "Finish payment",
            Self::SeePlans => "See the plans",
        }
    }
}

/// Whether Stripe may still charge a subscription of this status, so that it is changed and not bought again.
pub(crate) fn is_live(status: &str) -> bool {
    matches!(status, "active" | "trialing" | "past_due" | "unpaid" | "paused")
}

impl Standing {
    /// Where `account`, which owes `owed`, stands at `now`.
    pub(crate) fn of(account: &Account, owed: Option<&OpenInvoice>, now: i64) -> Self {
        match Self::of_account(account, now) {
            Self::PastDue { deadline } if waits_for_bank(owed) => {
                Self::ConfirmationNeeded { deadline }
            }
            Self::PaymentUnfinished | Self::Unpaid if waits_for_bank(owed) => {
                Self::ConfirmationNeeded { deadline: None }
            }
            standing => standing,
        }
    }

    fn of_account(account: &Account, now: i64) -> Self {
        if account.deletion_pending {
            return Self::BeingDeleted;
        }
        let access = &account.access;
        let granted = access.allowed && access.reason == "granted";
        match account.subscription_status.as_str() {
            _ if granted => Self::Granted { until: access.until },
            "active" | "trialing" if !access.allowed => Self::Checking,
            "active" | "trialing" if account.ends_at.is_some_and(|on| on > now) => {
                Self::Ending { on: account.ends_at.unwrap_or_default() }
            }
            "trialing" => match account.trial_end {
                Some(ends) => Self::Trial { days_left: days_between(now, ends), ends },
                None => Self::Active,
            },
            "active" => Self::Active,
            "past_due" => {
                let problem = account.payment_problem.as_ref();
                Self::PastDue {
                    deadline: problem.and_then(|it| it.deadline).filter(|_| access.allowed),
                }
            }
            "unpaid" => Self::Unpaid,
            "paused" => Self::Paused,
            "canceled" => Self::Ended { on: account.ends_at },
            "incomplete_expired" => Self::NoPlan,
            _ if account.plan.is_some() || account.payment_problem.is_some() => {
                Self::PaymentUnfinished
            }
            _ => Self::NoPlan,
        }
    }

    /// The state in two or three words.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::NoPlan => "No plan yet".to_owned(),
            Self::PaymentUnfinished => "Payment not finished".to_owned(),
            Self::Trial { days_left: 1, .. } => "Trial, last day".to_owned(),
            Self::Trial { days_left, .. } => format!("Trial, {days_left} days left"),
            Self::ConfirmationNeeded { .. } => "Waits for your bank".to_owned(),
            Self::Active => "Active".to_owned(),
            Self::Ending { .. } => "Cancelled, still open".to_owned(),
            Self::PastDue { .. } => "Payment failed".to_owned(),
            Self::Unpaid => "Unpaid".to_owned(),
            Self::Paused => "Paused".to_owned(),
            Self::Ended { .. } => "Ended".to_owned(),
            Self::Granted { .. } => "Guest of the house".to_owned(),
            Self::BeingDeleted => "Being deleted".to_owned(),
            Self::Checking => "Being checked".to_owned(),
        }
    }

    /// The colour of [`Self::label`].
    pub(crate) const fn tone(&self) -> Tone {
        match self {
            Self::Active | Self::Trial { .. } | Self::Granted { .. } => Tone::Good,
            Self::NoPlan | Self::Ended { .. } => Tone::Calm,
            _ => Tone::Warn,
        }
    }

    /// What to tell the listener on the pages where it matters. `day` writes a date.
    pub(crate) fn notice(&self, day: impl Fn(i64) -> String) -> Option<Notice> {
        let warn = |title: &str, text: String, remedy| {
            Some(Notice { tone: Tone::Warn, title: title.to_owned(), text, remedy: Some(remedy) })
        };
        let calm = |title: &str, text: String, remedy| {
            Some(Notice { tone: Tone::Calm, title: title.to_owned(), text, remedy })
        };
        match self {
            Self::Active | Self::Granted { .. } => None,
            Self::NoPlan => calm(
                "You have no plan yet.",
                "Free episodes are open to you. A plan opens the rest.".to_owned(),
                Some(Remedy::SeePlans),
            ),
            Self::Trial { ends, .. } => {
                calm("Your trial is running.", format!("The first charge is on {}.", day(*ends)), None)
            }
            Self::PaymentUnfinished => warn(
                "Your payment is not finished.",
                "Your plan opens as soon as it is.".to_owned(),
                Remedy::FinishPayment,
            ),
            Self::ConfirmationNeeded { deadline } => warn(
                "Your bank wants you to confirm a payment.",
                match deadline {
                    Some(deadline) => {
                        format!("You can listen until {}. Confirm it to stay in.", day(*deadline))
                    }
                    None => "It takes a moment, and your plan opens as soon as you have.".to_owned(),
                },
                Remedy::ConfirmPayment,
            ),
            Self::Ending { on } => warn(
                &format!("Your plan ends on {}.", day(*on)),
                "You can listen until then. Resume it to stay in.".to_owned(),
                Remedy::ResumePlan,
            ),
            Self::PastDue { deadline: Some(deadline) } => warn(
                "Your last payment did not go through.",
                format!("You can listen until {}. Update your card to stay in.", day(*deadline)),
                Remedy::UpdateCard,
            ),
            Self::PastDue { deadline: None } => warn(
                "Your last payment did not go through.",
                "Update your card to listen again.".to_owned(),
                Remedy::UpdateCard,
            ),
            Self::Unpaid => warn(
                "Your plan is unpaid.",
                "Pay the open invoice to listen again.".to_owned(),
                Remedy::PayInvoice,
            ),
            Self::Paused => warn(
                "Your plan is paused.",
                "Nothing is charged, and episodes stay closed until you resume it.".to_owned(),
                Remedy::ResumePlan,
            ),
            Self::Ended { on } => {
                let title = match on {
                    Some(on) => format!("Your plan ended on {}.", day(*on)),
                    None => "Your plan has ended.".to_owned(),
                };
                calm(&title, "Join again whenever you like.".to_owned(), Some(Remedy::SeePlans))
            }
            Self::BeingDeleted => calm(
                "Your account is being deleted.",
                "Your plan is being cancelled at Stripe first. There is nothing left to do for you.".to_owned(),
                None,
            ),
            Self::Checking => calm(
                "We are checking your plan with Stripe.",
                "This page changes by itself as soon as that is done.".to_owned(),
                None,
            ),
        }
    }
}

/// Whether somebody of this account may owe something, so that it is worth asking.
pub(crate) fn may_owe(account: &Account) -> bool {
    account.payment_problem.is_some() && !account.deletion_pending
}

fn waits_for_bank(owed: Option<&OpenInvoice>) -> bool {
    owed.is_some_and(|invoice| invoice.requires_action)
}

/// Days that have begun between two times; the last day counts as one.
const fn days_between(from: i64, to: i64) -> i64 {
    let days = (to - from + 86_399) / 86_400;
    if days < 1 { 1 } else { days }
}

#[cfg(test)]
pub(crate) mod tests {
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
            (pro("paused"), "Paused", Some(Remedy::ResumePlan)),
            (pro("canceled"), "Ended", Some(Remedy::SeePlans)),
            (denied(pro("active"), "stale"), "Being checked", None),
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
        let notice =
            Standing::of(&account, None, NOW).notice(|on| format!("day {}", (on - NOW) / DAY));
        let text = notice.map(|notice| notice.text);
        assert_eq!(
            text.as_deref(),
            Some("You can listen until day 5. Update your card to stay in.")
        );
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
            let confirms =
                notice.is_some_and(|notice| notice.remedy == Some(Remedy::ConfirmPayment));
            assert_eq!(confirms, matches!(expected, Standing::ConfirmationNeeded { .. }));
        }
    }
}
