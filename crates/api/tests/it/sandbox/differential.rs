//! The same random story told to the sandbox and to a slow, plain model of billing must cost the same.
//!
//! The model shares nothing with the sandbox: it counts months on its fingers and rounds by comparing remainders.
//! A failure prints the seed and the story; `BILLING_SEED=n` tells one story again.

mod model;

use serde_json::Value;

use self::model::{Coupon, Model, Off, Pricing, Prorations, Rate, Span, Tier};
use super::{Sandbox, clocks, pricing, taxes, text};

/// Stories told in a run, and what happens in each.
const STORIES: u64 = 8;
const STEPS: usize = 30;
/// 2027-10-31T09:30:00Z: the anchor day that short months, and a leap year, lack.
const BEGINNING: i64 = 1_824_975_000;

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let place = self.below(choices.len() as u64);
        &choices[usize::try_from(place).unwrap()]
    }
}

/// One is free; ten are not.
const TIERS: &[Tier] = &[
    Tier { up_to: Some(1), unit: 0, flat: 0 },
    Tier { up_to: Some(3), unit: 701, flat: 0 },
    Tier { up_to: Some(6), unit: 333, flat: 999 },
    Tier { up_to: None, unit: 100, flat: 0 },
];
/// A tax rate, or two, of which one is in the price.
const TAXES: &[&[Rate]] = &[
    &[],
    &[Rate { hundredths: 1_900, is_inclusive: false }],
    &[Rate { hundredths: 888, is_inclusive: true }],
    &[Rate { hundredths: 770, is_inclusive: true }, Rate { hundredths: 525, is_inclusive: false }],
];

/// A price that the story can move to.
struct Plan {
    id: String,
    pricing: Pricing,
    span: Span,
}

/// The story's subscription in the sandbox, beside its model.
struct Story<'a> {
    sandbox: &'a Sandbox,
    plans: &'a [Plan],
    clock: String,
    customer: String,
    subscription: Value,
    model: Model,
    dice: Dice,
    told: Vec<String>,
}

async fn plans(sandbox: &Sandbox) -> Vec<Plan> {
    let mut plans = Vec::new();
    for (amount, interval, span) in [
        (999, "month", Span::Months(1)),
        (2_501, "month", Span::Months(1)),
        (1, "month", Span::Months(1)),
        (10_007, "year", Span::Months(12)),
        (333, "week", Span::Days(7)),
    ] {
        let id = sandbox.price("Plan", &amount.to_string(), interval).await;
        plans.push(Plan { id, pricing: Pricing::Each(amount), span });
    }
    for pricing in [Pricing::Graduated(TIERS), Pricing::Volume(TIERS)] {
        let id = tiered(sandbox, pricing).await;
        plans.push(Plan { id, pricing, span: Span::Months(1) });
    }
    plans
}

async fn tiered(sandbox: &Sandbox, pricing: Pricing) -> String {
    let mode = if matches!(pricing, Pricing::Volume(_)) { "volume" } else { "graduated" };
    let mut form = vec![
        ("billing_scheme".to_owned(), "tiered".to_owned()),
        ("tiers_mode".to_owned(), mode.to_owned()),
    ];
    for (place, tier) in TIERS.iter().enumerate() {
        let up_to = tier.up_to.map_or_else(|| "inf".to_owned(), |last| last.to_string());
        for (name, value) in [
            ("up_to", up_to),
            ("unit_amount", tier.unit.to_string()),
            ("flat_amount", tier.flat.to_string()),
        ] {
            form.push((format!("tiers[{place}][{name}]"), value));
        }
    }
    let form: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    pricing::price(sandbox, &form).await
}

impl Story<'_> {
    async fn begin<'a>(sandbox: &'a Sandbox, plans: &'a [Plan], seed: u64) -> Story<'a> {
        let mut dice = Dice(seed);
        let clock = clocks::clock_at(sandbox, BEGINNING).await;
        let customer = clocks::customer_on(sandbox, &clock).await;
        let plan = dice.pick(plans);
        let quantity = 1 + dice.below(9);
        let trial_days = *dice.pick(&[0, 0, 10]);
        let days = trial_days.to_string();
        let number = quantity.to_string();
        let mut form = vec![
            ("customer", customer.as_str()),
            ("items[0][price]", &plan.id),
            ("items[0][quantity]", &number),
        ];
        if trial_days > 0 {
            form.push(("trial_period_days", &days));
        }
        let rates = dice.pick(TAXES).to_vec();
        let mut ids = Vec::new();
        for rate in &rates {
            let percentage = format!("{}.{:02}", rate.hundredths / 100, rate.hundredths % 100);
            let inclusive = rate.is_inclusive.to_string();
            ids.push(taxes::rate(sandbox, &percentage, &inclusive).await);
        }
        // By default, or the item's own.
        let owner = *dice.pick(&["default_tax_rates", "items[0][tax_rates]"]);
        let names = [0, 1].map(|place| format!("{owner}[{place}]"));
        form.extend(names.iter().zip(&ids).map(|(name, id)| (name.as_str(), id.as_str())));
        let subscription = sandbox.post("/v1/subscriptions", &form).await;
        let quantity = i64::try_from(quantity).unwrap();
        let told =
            vec![format!("begin with {quantity} × {:?} {:?}, {rates:?}", plan.pricing, plan.span)];
        let model = Model::begin(BEGINNING, plan.pricing, quantity, plan.span, trial_days, rates);
        Story { sandbox, plans, clock, customer, subscription, model, dice, told }
    }

    async fn update(&self, form: &[(&str, &str)]) {
        let path = format!("/v1/subscriptions/{}", text(&self.subscription["id"]));
        self.sandbox.post(&path, form).await;
    }

    async fn step(&mut self) {
        match self.dice.below(10) {
            0..=3 => self.let_time_pass().await,
            4..=6 => self.change_plan().await,
            7 => self.redeem().await,
            8 => self.plan_the_end().await,
            _ => self.pause().await,
        }
    }

    async fn let_time_pass(&mut self) {
        let seconds = 1 + self.dice.below(40 * 86_400);
        let until = self.model.now + i64::try_from(seconds).unwrap();
        self.told.push(format!("advance to {until}"));
        clocks::advance(self.sandbox, &self.clock, until).await;
        self.model.advance(until);
    }

    async fn change_plan(&mut self) {
        let plan = self.dice.pick(self.plans);
        let quantity = i64::try_from(1 + self.dice.below(9)).unwrap();
        let (word, prorations) = *self.dice.pick(&[
            ("create_prorations", Prorations::Wait),
            ("always_invoice", Prorations::AtOnce),
            ("none", Prorations::None),
        ]);
        let (pricing, span) = (plan.pricing, plan.span);
        self.told.push(format!("change to {quantity} × {pricing:?} {span:?}, {word}"));
        let item = text(&self.subscription["items"]["data"][0]["id"]).to_owned();
        let (price, number) = (plan.id.clone(), quantity.to_string());
        let form = [
            ("items[0][id]", item.as_str()),
            ("items[0][price]", price.as_str()),
            ("items[0][quantity]", number.as_str()),
            ("proration_behavior", word),
        ];
        self.update(&form).await;
        self.model.change(pricing, quantity, span, prorations);
    }

    async fn redeem(&mut self) {
        let percent = i64::try_from(1 + self.dice.below(9_999)).unwrap();
        let fixed = i64::try_from(1 + self.dice.below(3_000)).unwrap();
        let off = *self.dice.pick(&[Off::Hundredths(percent), Off::Fixed(fixed)]);
        let months = *self.dice.pick(&[Some(0), Some(2), None]);
        let is_items = self.dice.below(2) == 0;
        let whose = if is_items { "item" } else { "subscription" };
        self.told.push(format!("redeem {off:?} for {months:?} months, for the {whose}"));
        let (name, amount) = match off {
            Off::Hundredths(hundredths) => {
                ("percent_off", format!("{}.{:02}", hundredths / 100, hundredths % 100))
            }
            Off::Fixed(amount) => ("amount_off", amount.to_string()),
        };
        let mut form = vec![(name, amount.as_str())];
        if name == "amount_off" {
            form.push(("currency", "usd"));
        }
        match months {
            None => form.push(("duration", "forever")),
            Some(0) => form.push(("duration", "once")),
            Some(_) => form.extend([("duration", "repeating"), ("duration_in_months", "2")]),
        }
        let coupon = self.sandbox.post("/v1/coupons", &form).await;
        let redeemed = Some(Coupon::redeemed(off, months, self.model.now));
        if is_items {
            let item = text(&self.subscription["items"]["data"][0]["id"]);
            let coupon = ("items[0][discounts][0][coupon]", text(&coupon["id"]));
            self.update(&[("items[0][id]", item), coupon]).await;
            self.model.item_coupon = redeemed;
        } else {
            self.update(&[("discounts[0][coupon]", text(&coupon["id"]))]).await;
            self.model.coupon = redeemed;
        }
    }

    async fn plan_the_end(&mut self) {
        // Mostly taken back at once, so that stories go on.
        self.update(&[("cancel_at_period_end", "true")]).await;
        if self.dice.below(4) > 0 {
            self.update(&[("cancel_at_period_end", "false")]).await;
            return;
        }
        self.told.push("end with the period".to_owned());
        self.model.ends = true;
        while !self.model.has_ended {
            self.let_time_pass().await;
        }
    }

    async fn pause(&mut self) {
        let pauses = self.dice.below(2) == 0;
        let behavior = *self.dice.pick(&["void", "keep_as_draft", "mark_uncollectible"]);
        self.told.push(format!("pause: {pauses} {behavior}"));
        // Whether an invoice is collected changes nothing about its total.
        match pauses {
            true => self.update(&[("pause_collection[behavior]", behavior)]).await,
            false => self.update(&[("pause_collection", "")]).await,
        }
    }

    /// What the customer's invoices came to, and the taxes in that, oldest first.
    async fn totals(&self) -> Vec<(i64, i64)> {
        let mut totals = Vec::new();
        let mut path = format!("/v1/invoices?customer={}&limit=100", self.customer);
        loop {
            let page = self.sandbox.get(&path).await;
            let invoices = page["data"].as_array().unwrap();
            totals.extend(invoices.iter().map(|invoice| {
                let taxes = invoice["total_taxes"].as_array().unwrap().iter();
                let taxes = taxes.map(|tax| tax["amount"].as_i64().unwrap());
                (invoice["total"].as_i64().unwrap(), taxes.sum())
            }));
            match invoices.last().filter(|_| page["has_more"] == true) {
                Some(last) => {
                    let after = text(&last["id"]);
                    path = format!(
                        "/v1/invoices?customer={}&limit=100&starting_after={after}",
                        self.customer
                    );
                }
                None => break,
            }
        }
        totals.reverse();
        totals
    }
}

#[tokio::test]
async fn random_stories_cost_what_the_plain_model_says() {
    let sandbox = Sandbox::start().await;
    let plans = plans(&sandbox).await;
    let seeds = match std::env::var("BILLING_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..STORIES).collect(),
    };
    for seed in seeds {
        let mut story = Story::begin(&sandbox, &plans, seed).await;
        for _ in 0..STEPS {
            if story.model.has_ended {
                break;
            }
            story.step().await;
            let (totals, expected) = (story.totals().await, &story.model.totals);
            assert_eq!(&totals, expected, "BILLING_SEED={seed}: {:#?}", story.told);
        }
    }
}
