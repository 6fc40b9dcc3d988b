//! The plans on offer: which price is shown, what a year saves, and where a plan's button leads.

use shared::{
    account::Account,
    billing::{ChangePreview, Subscription},
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

/// What a price brings with it, in one line: what a year saves, free days, a fee. `write` writes an amount.
pub(crate) fn terms(plan: &Plan, price: &PlanPrice, write: impl Fn(&Money) -> String) -> String {
    let money = |amount| write(&Money::new(amount, &price.currency));
    let saved = match price.interval {
        Interval::Month => {
            price_of(plan, Interval::Year).map(|year| format!("or {} a year", money(year.amount)))
        }
        Interval::Year => price_of(plan, Interval::Month)
            .map(|month| month.amount * 12 - price.amount)
            .filter(|saved| *saved > 0)
            .map(|saved| format!("You save {} a year.", money(saved))),
    };
    let trial = price.trial_days;
    let trial = (trial > 0).then(|| format!("The first {trial} days are free"));
    let fee = price.setup_fee.map(|fee| format!("{} once to begin", money(fee)));
    let extras = [trial, fee].into_iter().flatten().map(|words| format!("{words}."));
    saved.into_iter().chain(extras).collect::<Vec<_>>().join(" ")
}

/// Every feature with the index of the first plan that has it; the plans after it have it too.
pub(crate) fn comparison(plans: &[Plan]) -> Vec<(&str, usize)> {
    let repeats = |feature: &str| plans.iter().any(|plan| feature.ends_with(&*plan.name));
    let mut rows: Vec<(&str, usize)> = Vec::new();
    for (index, plan) in plans.iter().enumerate() {
        for feature in &plan.features {
            let known = rows.iter().any(|(row, _)| row == feature);
            // "Everything in Starter" is what the ticks say.
            if !known && (index == 0 || !repeats(feature)) {
                rows.push((feature, index));
            }
        }
    }
    rows
}

/// What a change of plan costs, a sentence each. `write` writes an amount, `date` a day.
pub(crate) fn change_words(
    preview: &ChangePreview,
    write: impl Fn(&Money) -> String,
    date: impl Fn(i64) -> String,
) -> Vec<String> {
    let money = |amount| write(&Money::new(amount, &preview.currency));
    let now = match preview.due_now {
        0 => "Nothing is charged today.".to_owned(),
        due @ 1.. => format!("You pay {} today, for what is left of this period.", money(due)),
        due => {
            format!("Nothing is charged today; {} is credited to your next charges.", money(-due))
        }
    };
    let later = match (preview.due_at_renewal, preview.renews_at) {
        (due, Some(day)) if due > 0 => Some(format!("Then {} on {}.", money(due), date(day))),
        (_, Some(day)) => Some(format!("On {}, your credit pays for the next period.", date(day))),
        (_, None) => None,
    };
    [now].into_iter().chain(later).collect()
}

/// Where the button of a plan leads a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// To Checkout.
    Checkout,
    /// To the portal, which confirms the change.
    ConfirmChange,
    /// Nowhere: this is the plan they have.
    Current,
}

/// The step for `choice`. `subscription` is known a little after `account`.
pub(crate) fn step(
    account: &Account,
    subscription: Option<&Subscription>,
    choice: &Choice,
) -> Step {
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
            assert_eq!(step(&account, Some(&monthly), &pro), expected, "{status}");
        }
        let account = account("active", Some("pro"));
        assert_eq!(step(&account, None, &pro), Step::Current);
        for other in [choice("pro", Interval::Year), choice("starter", Interval::Month)] {
            assert_eq!(step(&account, Some(&monthly), &other), Step::ConfirmChange, "{other:?}");
        }
    }

    #[test]
    fn a_plan_no_longer_on_offer_is_called_by_its_id() {
        assert_eq!(name_of(&[plan("pro", None, None)], "pro"), "PRO");
        assert_eq!(name_of(&[], "gold"), "gold");
    }

    #[test]
    fn the_line_under_a_price_says_what_comes_with_it() {
        let mut pro = plan("pro", Some(1000), Some(10000));
        let words = |plan: &Plan, interval| {
            let price = price_of(plan, interval).expect("offered");
            terms(plan, price, |money| format!("${}", money.decimal()))
        };
        assert_eq!(words(&pro, Interval::Month), "or $100.00 a year");
        assert_eq!(words(&pro, Interval::Year), "You save $20.00 a year.");
        pro.prices.pop();
        assert_eq!(words(&pro, Interval::Month), "");
        for price in &mut pro.prices {
            price.trial_days = 14;
            price.setup_fee = Some(500);
        }
        assert_eq!(
            words(&pro, Interval::Month),
            "The first 14 days are free. $5.00 once to begin."
        );
    }

    #[test]
    fn each_feature_stands_once_from_the_first_plan_that_has_it() {
        let with = |name: &str, features: &[&str]| Plan {
            name: name.to_owned(),
            features: features.iter().map(|it| (*it).to_owned()).collect(),
            ..plan(name, Some(1), None)
        };
        let plans = [
            with("Starter", &["Weekly", "Feed"]),
            with("Pro", &["Everything in Starter", "Archive"]),
            with("Team", &["Everything in Pro", "Archive", "Live"]),
        ];
        assert_eq!(comparison(&plans), [("Weekly", 0), ("Feed", 0), ("Archive", 1), ("Live", 2)]);
    }

    #[test]
    fn a_change_says_what_it_costs_now_and_later() {
        let words = |due_now, due_at_renewal, renews_at| {
            let preview =
                ChangePreview { due_now, due_at_renewal, currency: "usd".to_owned(), renews_at };
            change_words(
                &preview,
                |money| format!("${}", money.decimal()),
                |day| format!("day {day}"),
            )
        };
        assert_eq!(
            words(432, 1000, Some(9)),
            ["You pay $4.32 today, for what is left of this period.", "Then $10.00 on day 9."]
        );
        assert_eq!(words(0, 1000, None), ["Nothing is charged today."]);
        assert_eq!(
            words(-500, 0, Some(9)),
            [
                "Nothing is charged today; $5.00 is credited to your next charges.",
                "On day 9, your credit pays for the next period."
            ]
        );
    }
}
