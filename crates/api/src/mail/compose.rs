//! The words of each mail.

use std::collections::HashMap;

use jiff::{Timestamp, tz::TimeZone};
use shared::{money::Money, paths};
use url::Url;

use super::{Mail, MailedToken, Purchase, letter::Letter};
use crate::keys::Keys;

/// What a mail says, with links to `site`.
pub(super) fn compose(
    mail: &Mail,
    keys: &Keys,
    site: &Url,
    plans: &HashMap<String, String>,
) -> Letter {
    let words = Words { keys, site, plans };
    match mail {
        Mail::VerifyEmail { token } => Letter::new("Confirm your e-mail address")
            .text_block("Welcome. Confirm that this is your address, so that you can always get back in.")
            .action("Confirm address", words.link(paths::VERIFY_EMAIL_PAGE, token))
            .text_block("The link works for a day. If you have not made an account, nothing needs to be done."),
        Mail::ConfirmRegistration { token } => Letter::new("Confirm your new account")
            .text_block("Somebody, probably you, wants an account with this address. It is made once you confirm it; then log in with the password you chose.")
            .action("Make my account", words.link(paths::VERIFY_EMAIL_PAGE, token))
            .text_block("The link works for a day. If this was not you, do not open it, and no account is made."),
        Mail::AddressHasAccount => Letter::new("You have an account already")
            .text_block("Somebody, probably you, wanted to use this address for an account. It has one already, and nothing was changed.")
            .action("Log in", words.page("/login"))
            .text_block("If you forgot the password, you can set a new one from there. If this was not you, nothing needs to be done."),
        Mail::ConfirmNewAddress { token } => Letter::new("Confirm your new e-mail address")
            .text_block("Your account gets this address once you confirm it. Until then the old one stays.")
            .action("Use this address", words.link(paths::VERIFY_EMAIL_PAGE, token))
            .text_block("The link works for a day. If you have not asked for this, do not open it."),
        Mail::AddressChangeRequested { to } => Letter::new("Your e-mail address is about to change")
            .text_block(format!("Somebody who is logged in to your account asked to change its address to {to}. It changes once the new address is confirmed."))
            .text_block("If this was not you, set a new password now: that ends every session and stops the change.")
            .action("Set a new password", words.page("/forgot-password")),
        Mail::AddressChanged { to } => Letter::new("Your e-mail address was changed")
            .text_block(format!("Your account has the address {to} from now on. This one no longer opens it."))
            .text_block("If this was not you, write to whoever runs this podcast at once."),
        Mail::ResetPassword { token } => Letter::new("Set a new password")
            .text_block("Somebody, probably you, asked for a new password for your account.")
            .action("Set a new password", words.link(paths::RESET_PASSWORD_PAGE, token))
            .text_block("The link works once, for 30 minutes. If this was not you, nothing needs to be done: your password stays as it is."),
        Mail::PasswordChanged => Letter::new("Your password was changed")
            .text_block("Your account has a new password, and every other session has ended.")
            .text_block("If this was not you, set a new one now.")
            .action("Set a new password", words.page("/forgot-password")),
        Mail::AccountDeleted => Letter::new("Your account is deleted")
            .text_block("Your subscription, if you had one, has ended at once, and what we stored about you is gone. Invoices stay where the law wants them kept, at our payment provider.")
            .text_block("Thank you for listening. You are welcome back at any time."),
        Mail::Joined(purchase) => words.joined(purchase),
        Mail::TrialEnding(purchase) => words.trial_ending(purchase),
        Mail::PaymentFailed { purchase, deadline } => words.payment_failed(purchase, *deadline),
        Mail::Ending { plan, ends_at } => words.ending(plan.as_deref(), *ends_at),
        Mail::Ended { plan, ended_at } => words.ended(plan.as_deref(), *ended_at),
    }
}

struct Words<'a> {
    keys: &'a Keys,
    site: &'a Url,
    plans: &'a HashMap<String, String>,
}

impl Words<'_> {
    fn joined(&self, purchase: &Purchase) -> Letter {
        let plan = self.plan(purchase.plan.as_deref());
        let begun = match purchase.trial_end {
            Some(_) => "Your trial has begun, and every episode of your plan is open.",
            None => {
                "Thank you. Your subscription has begun, and every episode of your plan is open."
            }
        };
        Letter::new(format!("Welcome to {plan}"))
            .text_block(begun)
            .facts(self.facts(purchase))
            .action("Listen", self.page("/episodes"))
            .text_block("Your account page has your private feed for podcast apps, your invoices, and the way to change or cancel the plan.")
    }

    fn trial_ending(&self, purchase: &Purchase) -> Letter {
        let end = purchase.trial_end.map(date).unwrap_or_default();
        Letter::new(format!("Your trial ends on {end}"))
            .text_block("The first payment is taken then. If you stay, there is nothing to do; if not, cancel before, and nothing is charged.")
            .facts(self.facts(purchase))
            .action("Manage my plan", self.page(paths::PORTAL_RETURN))
    }

    fn payment_failed(&self, purchase: &Purchase, deadline: i64) -> Letter {
        let deadline = date(deadline);
        Letter::new(format!("Your payment did not go through: please act by {deadline}"))
            .text_block(format!("We could not take the payment for your plan. You keep listening until {deadline}; we try again before. Another card can be given on your account page."))
            .facts(vec![("Plan", self.plan(purchase.plan.as_deref())), ("Due", price(purchase, false))])
            .action("Update payment method", self.page(paths::PORTAL_RETURN))
    }

    fn ending(&self, plan: Option<&str>, ends_at: i64) -> Letter {
        let (plan, end) = (self.plan(plan), date(ends_at));
        Letter::new(format!("{plan} ends on {end}"))
            .text_block(format!("Your subscription is cancelled. You can listen until {end}, and nothing more is charged."))
            .text_block("Changed your mind? Until then it can be taken back on your account page.")
            .action("My account", self.page(paths::PORTAL_RETURN))
    }

    fn ended(&self, plan: Option<&str>, ended_at: i64) -> Letter {
        let (plan, end) = (self.plan(plan), date(ended_at));
        Letter::new(format!("{plan} has ended"))
            .text_block(format!("Your subscription ended on {end}, and nothing more is charged. Free episodes stay open, and so does your account."))
            .text_block("Thank you for listening. You are welcome back at any time.")
            .action("See the plans", self.page("/pricing"))
    }

    fn facts(&self, purchase: &Purchase) -> Vec<(&'static str, String)> {
        let next = match purchase.trial_end {
            Some(end) => Some(("First payment", date(end))),
            None => purchase.next_payment_at.map(|at| ("Next payment", date(at))),
        };
        [("Plan", self.plan(purchase.plan.as_deref())), ("Price", price(purchase, true))]
            .into_iter()
            .chain(next)
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    fn plan(&self, id: Option<&str>) -> String {
        let name = id.map(|id| self.plans.get(id).cloned().unwrap_or_else(|| id.to_owned()));
        name.unwrap_or_else(|| "Your plan".to_owned())
    }

    fn page(&self, path: &str) -> String {
        format!("{}{path}", self.site.as_str().trim_end_matches('/'))
    }

    /// A link whose token's key is gone still leads to a page that says that it no longer works.
    fn link(&self, path: &str, token: &MailedToken) -> String {
        format!("{}?token={}", self.page(path), token.open(self.keys).unwrap_or_default())
    }
}

/// `1 December 2026`, in UTC.
fn date(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds).unwrap_or_default();
    time.to_zoned(TimeZone::UTC).strftime("%-d %B %Y").to_string()
}

/// `10.00 USD a month`; empty when it is not known.
fn price(purchase: &Purchase, with_interval: bool) -> String {
    let Some(amount) = purchase.amount else { return String::new() };
    let currency = purchase.currency.to_uppercase();
    let amount = Money::new(amount, &purchase.currency).decimal();
    match &purchase.interval {
        Some(interval) if with_interval => format!("{amount} {currency} a {interval}"),
        _ => format!("{amount} {currency}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn text(mail: &Mail) -> String {
        let keys = Keys::new(&[Secret::new("secret").unwrap()]).unwrap();
        let site = Url::parse("https://circle.example").unwrap();
        let plans = HashMap::from([("pro".to_owned(), "Pro".to_owned())]);
        compose(mail, &keys, &site, &plans).text(&site)
    }

    fn pro() -> Purchase {
        Purchase {
            plan: Some("pro".to_owned()),
            amount: Some(2_000),
            currency: "usd".to_owned(),
            interval: Some("month".to_owned()),
            next_payment_at: Some(1_800_000_000),
            trial_end: None,
        }
    }

    #[test]
    fn mails_about_money_name_plan_price_and_date() {
        let joined = text(&Mail::Joined(pro()));
        for part in ["Welcome to Pro", "Price: 20.00 USD a month", "Next payment: 15 January 2027"]
        {
            assert!(joined.contains(part), "{part} is missing in {joined}");
        }
        let failed = text(&Mail::PaymentFailed { purchase: pro(), deadline: 1_800_000_000 });
        assert!(failed.contains("please act by 15 January 2027"), "{failed}");
        assert!(failed.contains("Due: 20.00 USD\n"), "{failed}");
    }

    #[test]
    fn a_mailed_link_carries_the_token_that_was_stored() {
        let keys = Keys::new(&[Secret::new("secret").unwrap()]).unwrap();
        let token = MailedToken::random(&keys);
        let mail = text(&Mail::ResetPassword { token: token.clone() });
        let (_, rest) = mail.split_once("/reset-password?token=").unwrap();
        let mailed = rest.split_whitespace().next().unwrap();
        assert_eq!(crate::secret::digest(mailed), token.digest());
    }
}
