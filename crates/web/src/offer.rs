//! The plans on offer: which price is shown, what a year saves, and where a plan's button leads.

use shared::{
    account::Account,
    billing::Subscription,
    money::Money,
    plans::{Interval, Plan, PlanPrice},
};

use crate::{membership, route::Choice};

/// The plan's price for the interval.
pub(crate) fn price_of(plan: &Plan, interval: Interval) -> Option<&PlanPrice> {
    plan.prices.iter().find(|price| price.interval == interval)
}

/// What a price costs per interval.
pub(crate) fn money_of(price: &PlanPrice) -> Money {
    Money::new(price.amount, &price.currency)
}

/// The plan that an id names.
pub(crate) fn find<'a>(plans: &'a [Plan], id: &str) -> Option<&'a Plan> {
    plans.iter().find(|plan| plan.id == id)
}

/// The plan's name for people; an id that is no longer on offer stands for itself.
pub(crate) fn name_of(plans: &[Plan], id: &str) -> String {
    find(plans, id).map_or_else(|| id.to_owned(), |plan| plan.name.clone())
}

/// What paying by the year saves on every plan, in the words of the toggle; `None` when it saves nothing.
pub(crate) fn saving(plans: &[Plan]) -> Option<String> {
    let least = plans.iter().map(|plan| {
        let month = price_of(plan, Interval::Month)?.amount;
        let year = price_of(plan, Interval::Year)?.amount;
        let saved = (month * 12 - year).max(0);
        // In 1/100 months, so that plans whose prices are rounded differently compare.
        (month > 0).then(|| saved * 100 / month)
    });
    let hundredths = least.flatten().min()?;
    match (hundredths / 100, hundredths % 100) {
        (0, 0) => None,
        (1, 0) => Some("1 month free".to_owned()),
        (months, 0) => Some(format!("{months} months free")),
        _ => Some(format!("save {}%", hundredths / 12)).filter(|_| hundredths >= 12),
    }
}

/// Where the button of a plan leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A visitor makes an account first.
    Register,
    /// To Checkout.
    Checkout,
    /// To the portal, which confirms the change.
    ConfirmChange,
    /// Nowhere: this is the plan they have.
    Current,
}

/// The step for `choice`. `subscription` is known a little after `account`.
pub(crate) fn step(
    account: Option<&Account>,
    subscription: Option<&Subscription>,
    choice: &Choice,
) -> Step {
    let Some(account) = account else { return Step::Register };
    if !membership::is_live(&account.subscription_status) {
        return Step::Checkout;
    }
    let same_plan = account.plan.as_deref() == Some(&choice.plan);
    let interval = subscription.and_then(|subscription| subscription.interval);
    if same_plan && interval.is_none_or(|interval| interval == choice.interval) {
        Step::Current
    } else {
        Step::ConfirmChange
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::membership::tests::account;

    fn plan(id: &str, month: Option<i64>, year: Option<i64>) -> Plan {
        let price = |interval, amount| PlanPrice {
            interval,
            lookup_key: id.to_owned(),
            amount,
            currency: "usd".to_owned(),
            trial_days: 0,
            setup_fee: None,
        };
        Plan {
            id: id.to_owned(),
            name: id.to_uppercase(),
            description: String::new(),
            features: Vec::new(),
            prices: [
                month.map(|it| price(Interval::Month, it)),
                year.map(|it| price(Interval::Year, it)),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }

    #[test]
    fn the_saving_named_holds_for_every_plan() {
        for (prices, words) in [
            (vec![(500, 5000), (1000, 10000)], Some("2 months free")),
            (vec![(500, 5500), (1000, 10000)], Some("1 month free")),
            (vec![(500, 5000), (1000, 10800)], Some("save 10%")),
            (vec![(500, 6000)], None),
            (vec![(500, 7000)], None),
            (vec![], None),
        ] {
            let plans: Vec<_> =
                prices.iter().map(|&(month, year)| plan("p", Some(month), Some(year))).collect();
            assert_eq!(saving(&plans).as_deref(), words, "{prices:?}");
        }
        assert_eq!(saving(&[plan("p", Some(500), None)]), None);
    }

    #[test]
    fn a_plans_button_leads_where_the_listener_stands() {
        let choice = |plan: &str, interval| Choice { plan: plan.to_owned(), interval };
        let monthly = Subscription {
            id: "sub_1".to_owned(),
            status: "active".to_owned(),
            plan: Some("pro".to_owned()),
            interval: Some(Interval::Month),
            amount: Some(1000),
            currency: "usd".to_owned(),
            current_period_end: None,
            ends_at: None,
            trial_end: None,
            payment_method: None,
        };
        let pro = choice("pro", Interval::Month);
        assert_eq!(step(None, None, &pro), Step::Register);
        for (status, expected) in [
            ("incomplete", Step::Checkout),
            ("canceled", Step::Checkout),
            ("incomplete_expired", Step::Checkout),
            ("active", Step::Current),
            ("trialing", Step::Current),
            ("past_due", Step::Current),
            ("unpaid", Step::Current),
            ("paused", Step::Current),
        ] {
            let account = account(status, Some("pro"));
            assert_eq!(step(Some(&account), Some(&monthly), &pro), expected, "{status}");
        }
        let account = account("active", Some("pro"));
        assert_eq!(step(Some(&account), None, &pro), Step::Current);
        for other in [choice("pro", Interval::Year), choice("starter", Interval::Month)] {
            assert_eq!(
                step(Some(&account), Some(&monthly), &other),
                Step::ConfirmChange,
                "{other:?}"
            );
        }
    }

    #[test]
    fn a_plan_no_longer_on_offer_is_called_by_its_id() {
        assert_eq!(name_of(&[plan("pro", None, None)], "pro"), "PRO");
        assert_eq!(name_of(&[], "gold"), "gold");
    }
}
