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
    /// The first payment failed days after it was promised, as a bank debit can; nothing was ever paid.
    FirstPaymentFailed,
    /// Payment was given up; no access.
    Unpaid,
    /// Paused; no access until the listener resumes it.
    Paused,
    /// The operator lets the invoices rest; no access until that is over, which may have a date.
    OnHold { until: Option<i64> },
    /// Over.
    Ended { on: Option<i64> },
    /// The operator opened the door.
    Granted { until: Option<i64> },
    /// The account waits for Stripe to confirm its cancellation, then it is gone.
    BeingDeleted,
    /// The first payment is on its way, which takes a bank some days.
    PaymentUnderWay,
    /// The last payment was paid back; no access before the next one. It has a date unless the plan ends instead.
    Refunded { next_charge: Option<i64>, ends: Option<i64> },
    /// The listener's bank asked for the last payment back; no access until that is settled.
    Disputed,
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
    /// To the portal's home: Stripe has no flow that takes back a cancellation.
    ResumePlan,
    /// Goes on with a paused plan, here and now.
    EndPause,
    /// To the portal's home, where a payment that went back is looked into.
    ManageBilling,
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
            Self::ResumePlan | Self::EndPause => "Resume plan",
            Self::ManageBilling => "Manage billing",
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
            "active" | "trialing" if !access.allowed => Self::closed(account, now),
            "active" | "trialing" if planned_end(account, now).is_some() => {
                Self::Ending { on: account.ends_at.unwrap_or_default() }
            }
            "trialing" => match account.trial_end {
                Some(ends) => Self::Trial { days_left: days_between(now, ends), ends },
                None => Self::Active,
            },
            "active" => Self::Active,
            "past_due" if !access.allowed && access.reason == "incomplete" => {
                Self::FirstPaymentFailed
            }
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

    /// Why a subscription that is live at Stripe opens nothing.
    fn closed(account: &Account, now: i64) -> Self {
        match account.access.reason.as_str() {
            "incomplete" => Self::PaymentUnderWay,
            "refunded" => {
                let ends = planned_end(account, now);
                let next_charge = account.current_period_end.filter(|_| ends.is_none());
                Self::Refunded { next_charge, ends }
            }
            "disputed" => Self::Disputed,
            "paused" => Self::OnHold { until: account.access.until },
            _ => Self::Checking,
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
            Self::PastDue { .. } | Self::FirstPaymentFailed => "Payment failed".to_owned(),
            Self::Unpaid => "Unpaid".to_owned(),
            Self::Paused => "Paused".to_owned(),
            Self::OnHold { .. } => "On hold".to_owned(),
            Self::Ended { .. } => "Ended".to_owned(),
            Self::Granted { .. } => "Guest of the house".to_owned(),
            Self::BeingDeleted => "Being deleted".to_owned(),
            Self::PaymentUnderWay => "Payment on its way".to_owned(),
            Self::Refunded { .. } => "Refunded".to_owned(),
            Self::Disputed => "Payment disputed".to_owned(),
            Self::Checking => "Being checked".to_owned(),
        }
    }

    /// The colour of [`Self::label`].
    pub(crate) const fn tone(&self) -> Tone {
        match self {
            Self::Active | Self::Trial { .. } | Self::Granted { .. } => Tone::Good,
            Self::NoPlan
            | Self::Ended { .. }
            | Self::BeingDeleted
            | Self::OnHold { .. }
            | Self::PaymentUnderWay
            | Self::Checking => Tone::Calm,
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
                "You can listen until then. Resume it on Stripe's page to stay in.".to_owned(),
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
            Self::FirstPaymentFailed => warn(
                "Your first payment did not go through.",
                "Your bank refused it. Your plan opens as soon as you have paid another way.".to_owned(),
                Remedy::PayInvoice,
            ),
            Self::Unpaid => warn(
                "Your plan is unpaid.",
                "Pay the open invoice to listen again.".to_owned(),
                Remedy::PayInvoice,
            ),
            Self::Paused => warn(
                "Your plan is paused.",
                "Nothing is charged, and episodes stay closed. Once you resume it, a new period begins and is charged."
                    .to_owned(),
                Remedy::EndPause,
            ),
            Self::OnHold { until } => calm(
                "Your plan is on hold.",
                match until {
                    Some(until) => {
                        format!("Nothing is charged, and episodes stay closed until {}.", day(*until))
                    }
                    None => "Nothing is charged, and episodes stay closed until it goes on.".to_owned(),
                },
                None,
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
                "Your plan is being cancelled at Stripe first. You need not do anything.".to_owned(),
                None,
            ),
            Self::PaymentUnderWay => calm(
                "Your payment is on its way.",
                "Some banks take a few days. Your plan opens by itself as soon as it is through.".to_owned(),
                None,
            ),
            Self::Refunded { next_charge, ends } => warn(
                "Your last payment was refunded.",
                match (next_charge, ends) {
                    (Some(next), _) => format!(
                        "Episodes open again with your next payment on {}. If you would rather leave, cancel before.",
                        day(*next)
                    ),
                    (None, Some(end)) => {
                        format!("Episodes are closed, and your plan ends on {} without another charge.", day(*end))
                    }
                    (None, None) => "Episodes open again with your next payment.".to_owned(),
                },
                Remedy::ManageBilling,
            ),
            Self::Disputed => warn(
                "Your last payment is disputed.",
                "Your bank asked for it back, and episodes stay closed until that is settled. \
                 If it was a mistake, tell your bank."
                    .to_owned(),
                Remedy::ManageBilling,
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

/// When the plan ends by itself, still ahead.
fn planned_end(account: &Account, now: i64) -> Option<i64> {
    account.ends_at.filter(|on| *on > now)
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
pub(crate) mod tests;
