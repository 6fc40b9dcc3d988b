//! Test clocks: customers who live on a time of their own, which moves only when it is told to.
//!
//! A customer made on a clock carries it (`test_clock`), and so does everything made for them that time acts on.
//! A transaction that touches such a customer runs at the clock's time.

use serde_json::{Value, json};

use super::{
    Sandbox,
    billing::renew,
    error::ApiError,
    object::{Kind, Object},
    schedule,
    store::{Listing, Origin, Tx},
};

/// What time acts on among what customers have.
const ACTED_ON: &[Kind] = &[
    Kind::Invoice,
    Kind::PaymentIntent,
    Kind::Refund,
    Kind::Subscription,
    Kind::SubscriptionSchedule,
];

impl Tx<'_> {
    /// From here on the transaction is at the time of the object's clock, if it is on one.
    pub(crate) fn follow_clock_of(&mut self, object: &Object) -> Result<(), ApiError> {
        let clock = match (object.text("test_clock"), object.text("customer")) {
            _ if object.kind == Kind::TestClock => Some(object.id.clone()),
            (Some(clock), _) => Some(clock.to_owned()),
            (None, Some(customer)) => self
                .find(Kind::Customer, customer)?
                .and_then(|customer| customer.text("test_clock").map(str::to_owned)),
            (None, None) => None,
        };
        let Some(clock) = clock else { return Ok(()) };
        let clock = self.get(Kind::TestClock, &clock, "test_clock")?;
        if let Some(time) = clock.integer("frozen_time") {
            self.set_now(time);
        }
        Ok(())
    }

    /// Whether there is any test clock: without one nobody has to be asked for theirs.
    pub(crate) fn has_test_clocks(&mut self) -> Result<bool, ApiError> {
        let any = Listing { limit: 1, ..Listing::default() };
        Ok(!self.list(Kind::TestClock, &any, |_| true)?.0.is_empty())
    }

    /// The customers of a clock.
    pub(crate) fn customers_of_clock(&mut self, clock: &str) -> Result<Vec<Object>, ApiError> {
        let is_live = |customer: &Object| customer.body["deleted"] != true;
        Ok(self.list(Kind::Customer, &Listing::of_parent(clock), is_live)?.0)
    }

    /// What happens first on a clock, no later than `until`, and when.
    fn next_on_clock(
        &mut self,
        clock: &str,
        until: i64,
    ) -> Result<Option<(i64, Kind, String)>, ApiError> {
        let mut next: Option<(i64, Kind, String)> = None;
        for customer in self.customers_of_clock(clock)? {
            for kind in ACTED_ON {
                let (mut found, _) =
                    self.list(*kind, &Listing::of_customer(&customer.id), |_| true)?;
                // Oldest first, as what is due at the same time on the sandbox's own clock.
                found.reverse();
                for object in found {
                    let Some(due) = schedule::due(&object).filter(|due| *due <= until) else {
                        continue;
                    };
                    if next.as_ref().is_none_or(|(first, ..)| due < *first) {
                        next = Some((due, *kind, object.id));
                    }
                }
            }
        }
        Ok(next)
    }
}

/// Starts moving a clock to `time`; what is due on the way follows in the background.
pub(crate) fn start_advance(
    tx: &mut Tx<'_>,
    mut clock: Object,
    time: i64,
) -> Result<Object, ApiError> {
    clock.body["status"] = json!("advancing");
    clock.body["status_details"] = json!({ "advancing": { "target_frozen_time": time } });
    tx.save(&clock)?;
    tx.wake_ticker();
    tx.emit("test_helpers.test_clock.advancing", &clock, None)?;
    Ok(clock)
}

/// Finishes what [`start_advance`] began, step by step.
pub(crate) async fn finish_advance(sandbox: &Sandbox, id: &str) -> Result<(), ApiError> {
    loop {
        let id = id.to_owned();
        let step = move |tx: &mut Tx<'_>| advance_once(tx, &id);
        if sandbox.store.write(Origin::default(), step).await? {
            return Ok(());
        }
    }
}

/// Carries out the next thing; true once the clock is where it was sent.
fn advance_once(tx: &mut Tx<'_>, id: &str) -> Result<bool, ApiError> {
    let Some(mut clock) = tx.find(Kind::TestClock, id)? else { return Ok(true) };
    let target = &clock.body["status_details"]["advancing"]["target_frozen_time"];
    let Some(target) = target.as_i64() else { return Ok(true) };
    if let Some((due, kind, subject)) = tx.next_on_clock(id, target)? {
        // Something made in the clock's past is due at once.
        let now = clock.integer("frozen_time").unwrap_or(due).max(due);
        clock.body["frozen_time"] = json!(now);
        tx.save(&clock)?;
        tx.set_now(now);
        renew::run(tx, kind, &subject)?;
        return Ok(false);
    }
    clock.body["frozen_time"] = json!(target);
    clock.body["status"] = json!("ready");
    clock.body["status_details"] = json!({});
    tx.save(&clock)?;
    tx.emit("test_helpers.test_clock.ready", &clock, None)?;
    Ok(true)
}

/// The kind of the object that an id names, for the ids by which requests say whom they are about.
pub(crate) fn kind_of_id(id: &str) -> Option<Kind> {
    [
        ("cus_", Kind::Customer),
        ("sub_sched_", Kind::SubscriptionSchedule),
        ("sub_", Kind::Subscription),
        ("si_", Kind::SubscriptionItem),
        ("in_", Kind::Invoice),
        ("ii_", Kind::InvoiceItem),
        ("pi_", Kind::PaymentIntent),
        ("seti_", Kind::SetupIntent),
        ("ch_", Kind::Charge),
        ("clock_", Kind::TestClock),
    ]
    .into_iter()
    .find_map(|(prefix, kind)| id.starts_with(prefix).then_some(kind))
}

/// The words of a request that may name somebody on a clock.
pub(crate) fn named(ids: &[String], tree: &serde_json::Map<String, Value>) -> Vec<String> {
    const NAMES: &[&str] = &[
        "customer",
        "subscription",
        "from_subscription",
        "schedule",
        "invoice",
        "test_clock",
        "charge",
    ];
    let params = NAMES.iter().filter_map(|name| tree.get(*name)?.as_str());
    ids.iter().map(String::as_str).chain(params).map(str::to_owned).collect()
}

/// Puts the transaction at the time of whomever the request names.
pub(crate) fn follow(tx: &mut Tx<'_>, named: &[String]) -> Result<(), ApiError> {
    if !tx.has_test_clocks()? {
        return Ok(());
    }
    for id in named {
        let Some(kind) = kind_of_id(id) else { continue };
        let Some(mut object) = tx.find(kind, id)? else { continue };
        if kind == Kind::SubscriptionItem {
            let subscription = object.text("subscription").unwrap_or_default().to_owned();
            let Some(found) = tx.find(Kind::Subscription, &subscription)? else { continue };
            object = found;
        }
        tx.follow_clock_of(&object)?;
    }
    Ok(())
}
