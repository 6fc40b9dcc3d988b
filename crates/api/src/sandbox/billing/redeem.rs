//! Redeeming offers: discounts begin, are carried by their holder, and end.

use serde_json::{Value, json};

use super::{
    discount::{Reduction, taken_off},
    items,
    offer::{Offer, Redemption, Wanted, refusal},
};
use crate::sandbox::{
    clock,
    error::ApiError,
    object::{Kind, Object, random_word},
    store::{Listing, Tx},
};

/// Who holds a discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder<'a> {
    CheckoutSession(&'a str),
    Customer,
    Invoice(&'a str),
    InvoiceItem(&'a str),
    Subscription(&'a str),
    SubscriptionItem(&'a str),
}

/// Until when a discount that starts now lasts; forever, or for one invoice, without an end.
fn ends_at(coupon: &Value, now: i64) -> Option<i64> {
    let months =
        coupon["duration_in_months"].as_i64().filter(|_| coupon["duration"] == "repeating")?;
    clock::after(now, &format!("{months}months")).ok()
}

/// What discounts would take off, without redeeming them.
pub(crate) fn reductions_of_wanted(wanted: &[Wanted], currency: &str) -> Vec<Reduction> {
    let reduction = |wanted: &Wanted| match wanted {
        Wanted::New(offer) => {
            let id = format!("di_{}", random_word(24));
            Reduction::of_coupon(&id, &offer.coupon.body, currency)
        }
        Wanted::Held(discount) => Reduction::of(discount, currency),
    };
    wanted.iter().filter_map(reduction).collect()
}

fn has_ended(discount: &Object, now: i64) -> bool {
    discount.integer("end").is_some_and(|end| end <= now)
}

impl Tx<'_> {
    /// The offer of a coupon.
    pub(crate) fn offer_of_coupon(&mut self, id: &str, param: &str) -> Result<Offer, ApiError> {
        Ok(Offer { coupon: self.get(Kind::Coupon, id, param)?, promotion_code: None })
    }

    /// The offer behind a promotion code, `promo_…`.
    pub(crate) fn offer_of_code(&mut self, id: &str, param: &str) -> Result<Offer, ApiError> {
        let code = self.get(Kind::PromotionCode, id, param)?;
        let coupon = code.body["promotion"]["coupon"].as_str().unwrap_or_default().to_owned();
        Ok(Offer { coupon: self.get(Kind::Coupon, &coupon, param)?, promotion_code: Some(code) })
    }

    /// The offer behind a code as customers type it; `None` when no active code reads so.
    pub(crate) fn offer_of_text(&mut self, text: &str) -> Result<Option<Offer>, ApiError> {
        let listing = Listing::of_lookup(&text.trim().to_lowercase());
        let (codes, _) = self.list(Kind::PromotionCode, &listing, |code| code.is("active"))?;
        match codes.first() {
            Some(code) => self.offer_of_code(&code.id, "promotion_code").map(Some),
            None => Ok(None),
        }
    }

    /// Refuses an offer that is not for this customer and order.
    pub(crate) fn check_offer(
        &mut self,
        offer: &Offer,
        customer: Option<&str>,
        amount: Option<(i64, &str)>,
        param: &str,
    ) -> Result<(), ApiError> {
        let has_paid = match customer {
            Some(customer) => {
                let paid = Listing {
                    status: Some("succeeded".to_owned()),
                    limit: 1,
                    ..Listing::of_customer(customer)
                };
                !self.list(Kind::Charge, &paid, |_| true)?.0.is_empty()
            }
            None => false,
        };
        let redemption = Redemption { customer, amount, has_paid, now: self.now() };
        match refusal(offer, &redemption) {
            Some((message, code)) => Err(ApiError::invalid_param(param, message).code(code)),
            None => Ok(()),
        }
    }

    /// Redeems an offer that has been checked.
    pub(crate) fn redeem(
        &mut self,
        offer: &Offer,
        customer: Option<&str>,
        holder: Holder<'_>,
    ) -> Result<Object, ApiError> {
        let now = self.now();
        for (kind, redeemed) in [
            (Kind::Coupon, Some(&offer.coupon)),
            (Kind::PromotionCode, offer.promotion_code.as_ref()),
        ] {
            // Read again: one request may redeem it twice.
            let Some(redeemed) = redeemed else { continue };
            if let Some(mut redeemed) = self.find(kind, &redeemed.id)? {
                let times = redeemed.integer("times_redeemed").unwrap_or(0);
                redeemed.body["times_redeemed"] = json!(times + 1);
                self.save(&redeemed)?;
            }
        }
        let mut discount = Object::new(
            Kind::Discount,
            now,
            json!({
                "checkout_session": null,
                "customer": customer,
                "customer_account": null,
                "end": ends_at(&offer.coupon.body, now),
                "invoice": null,
                "invoice_item": null,
                "promotion_code": offer.promotion_code.as_ref().map(|code| &code.id),
                "source": { "coupon": offer.coupon.id, "type": "coupon" },
                "start": now,
                "subscription": null,
                "subscription_item": null,
            }),
        )
        // A coupon may be deleted; what it gave stays.
        .with_private(json!({ "coupon": offer.coupon.body }));
        for unknown in ["created", "livemode"] {
            discount.body.as_object_mut().map(|body| body.remove(unknown));
        }
        match holder {
            Holder::CheckoutSession(id) => discount.body["checkout_session"] = json!(id),
            Holder::Customer => {}
            Holder::Invoice(id) => discount.body["invoice"] = json!(id),
            Holder::InvoiceItem(id) => discount.body["invoice_item"] = json!(id),
            Holder::Subscription(id) => discount.body["subscription"] = json!(id),
            Holder::SubscriptionItem(id) => discount.body["subscription_item"] = json!(id),
        }
        self.insert(&discount)?;
        // Whether a customer's is its first the caller knows, and tells.
        if matches!(holder, Holder::Subscription(_) | Holder::SubscriptionItem(_)) {
            self.emit("customer.discount.created", &discount, None)?;
        }
        Ok(discount)
    }

    /// Redeems what is new among the discounts that a holder is to have; their ids.
    pub(crate) fn hold(
        &mut self,
        wanted: &[Wanted],
        customer: Option<&str>,
        holder: Holder<'_>,
    ) -> Result<Vec<String>, ApiError> {
        let held = |wanted: &Wanted| match wanted {
            Wanted::Held(discount) => Ok(discount.id.clone()),
            Wanted::New(offer) => Ok(self.redeem(offer, customer, holder)?.id),
        };
        wanted.iter().map(held).collect()
    }

    /// Gives a subscription's item the discounts it is to have; those it no longer has end.
    pub(crate) fn hold_for_item(
        &mut self,
        item: &mut Value,
        wanted: &[Wanted],
        customer: &str,
    ) -> Result<(), ApiError> {
        let id = item["id"].as_str().unwrap_or_default().to_owned();
        let held = self.hold(wanted, Some(customer), Holder::SubscriptionItem(&id))?;
        let before = item["discounts"].take();
        for ended in before.as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !held.iter().any(|id| id == ended) {
                self.end_discount(ended)?;
            }
        }
        item["discounts"] = json!(held);
        Ok(())
    }

    /// Puts exactly these discounts on a subscription, which the caller saves: new ones begin, and those it no longer
    /// has end.
    pub(crate) fn hold_for_subscription(
        &mut self,
        subscription: &mut Object,
        wanted: &[Wanted],
    ) -> Result<(), ApiError> {
        let customer = subscription.text("customer").map(str::to_owned);
        let old = self.discounts(&subscription.body["discounts"])?;
        let holder = Holder::Subscription(&subscription.id);
        let kept = self.hold(wanted, customer.as_deref(), holder)?;
        for discount in old.iter().filter(|discount| !kept.contains(&discount.id)) {
            self.end_discount(&discount.id)?;
        }
        subscription.body["discounts"] = json!(kept);
        Ok(())
    }

    /// Ends a discount. Taking it from its holder is the caller's.
    pub(crate) fn end_discount(&mut self, id: &str) -> Result<(), ApiError> {
        let Some(discount) = self.find(Kind::Discount, id)? else { return Ok(()) };
        self.emit("customer.discount.deleted", &discount, None)
    }

    /// Tells that a customer's discount has taken the place of another.
    pub(crate) fn switch_discount(&mut self, old: &str, new: &Object) -> Result<(), ApiError> {
        match self.find(Kind::Discount, old)? {
            Some(before) => self.emit_change("customer.discount.updated", &before, new),
            None => self.emit("customer.discount.created", new, None),
        }
    }

    /// The discounts of an array of their ids.
    pub(crate) fn discounts(&mut self, ids: &Value) -> Result<Vec<Object>, ApiError> {
        let mut discounts = Vec::new();
        for id in ids.as_array().into_iter().flatten().filter_map(Value::as_str) {
            discounts.extend(self.find(Kind::Discount, id)?);
        }
        Ok(discounts)
    }

    /// What reduces an invoice of the customer now: what the subscription's items hold, then what is for them all.
    pub(crate) fn reductions(
        &mut self,
        customer: &Object,
        subscription: Option<&Object>,
        currency: &str,
    ) -> Result<Vec<Reduction>, ApiError> {
        let mut reductions = match subscription {
            Some(subscription) => self.reductions_of_held(items::of(subscription), currency)?,
            None => Vec::new(),
        };
        reductions.extend(self.reductions_of_all(customer, subscription, currency)?);
        Ok(reductions)
    }

    /// What reduces single items of a subscription, by the discounts they hold.
    pub(crate) fn reductions_of_held(
        &mut self,
        items: &[Value],
        currency: &str,
    ) -> Result<Vec<Reduction>, ApiError> {
        let mut reductions = Vec::new();
        for item in items {
            let held = self.discounts(&item["discounts"])?;
            let running = held.iter().filter(|discount| !has_ended(discount, self.now()));
            reductions.extend(running.filter_map(|discount| Reduction::of(discount, currency)));
        }
        Ok(reductions)
    }

    /// What reduces all items of an invoice: the subscription's discounts, or else the customer's.
    pub(crate) fn reductions_of_all(
        &mut self,
        customer: &Object,
        subscription: Option<&Object>,
        currency: &str,
    ) -> Result<Vec<Reduction>, ApiError> {
        let mut discounts = match subscription {
            Some(subscription) => self.discounts(&subscription.body["discounts"])?,
            None => Vec::new(),
        };
        if discounts.is_empty()
            && let Some(id) = customer.body["discount"]["id"].as_str()
        {
            discounts.extend(self.find(Kind::Discount, id)?);
        }
        let now = self.now();
        let running = discounts.iter().filter(|discount| !has_ended(discount, now));
        Ok(running.filter_map(|discount| Reduction::of(discount, currency)).collect())
    }

    /// What reduces a draft already.
    pub(crate) fn reductions_of_invoice(
        &mut self,
        invoice: &Object,
    ) -> Result<Vec<Reduction>, ApiError> {
        let totals = invoice.body["total_discount_amounts"].as_array().into_iter().flatten();
        let ids: Value = totals.map(|total| total["discount"].clone()).collect();
        let currency = invoice.text("currency").unwrap_or_default();
        let discounts = self.discounts(&ids)?;
        Ok(discounts.iter().filter_map(|discount| Reduction::of(discount, currency)).collect())
    }

    /// What reduces single invoice items.
    pub(crate) fn reductions_of_items(
        &mut self,
        items: &[Object],
        currency: &str,
    ) -> Result<Vec<Reduction>, ApiError> {
        let mut reductions = Vec::new();
        for item in items {
            let discounts = self.discounts(&item.body["discounts"])?;
            reductions.extend(discounts.iter().filter_map(|own| Reduction::of(own, currency)));
        }
        Ok(reductions)
    }

    /// Takes the discounts that are used up, or over, out of an array of ids; their ids.
    fn let_go(&mut self, held: &mut Value, used: &[String]) -> Result<Vec<String>, ApiError> {
        let mut ended = Vec::new();
        for discount in self.discounts(held)? {
            if used.contains(&discount.id) || has_ended(&discount, self.now()) {
                ended.push(discount.id);
            }
        }
        if let Some(held) = held.as_array_mut() {
            held.retain(|id| !ended.iter().any(|ended| id == ended));
        }
        Ok(ended)
    }

    /// Ends what a new invoice has used up, or time has, and notes on the subscription (which the caller saves)
    /// what its items got off.
    pub(crate) fn settle_discounts(
        &mut self,
        invoice: &Object,
        subscription: Option<&mut Object>,
    ) -> Result<(), ApiError> {
        let mut used = Vec::new();
        for total in invoice.body["total_discount_amounts"].as_array().into_iter().flatten() {
            let id = total["discount"].as_str().unwrap_or_default();
            let Some(discount) = self.find(Kind::Discount, id)? else { continue };
            let is_once = discount.private["coupon"]["duration"] == "once";
            if is_once && total["amount"].as_i64() > Some(0) {
                used.push(discount.id);
            }
        }
        if let Some(subscription) = subscription {
            let mut ended = self.let_go(&mut subscription.body["discounts"], &used)?;
            let mut values = items::of(subscription).to_vec();
            for item in &mut values {
                ended.extend(self.let_go(&mut item["discounts"], &used)?);
            }
            if !ended.is_empty() {
                items::set(subscription, values);
            }
            for id in ended {
                self.end_discount(&id)?;
            }
            note_taken_off(subscription, invoice);
        }
        let customer = invoice.text("customer").unwrap_or_default();
        let Some(before) = self.find(Kind::Customer, customer)? else { return Ok(()) };
        let of_customer = before.body["discount"]["id"].as_str().map(str::to_owned);
        let is_over = before.body["discount"]["end"].as_i64().is_some_and(|end| end <= self.now());
        if let Some(id) = of_customer.filter(|id| is_over || used.contains(id)) {
            let mut customer = before.clone();
            customer.body["discount"] = Value::Null;
            self.update(&before, &customer)?;
            self.end_discount(&id)?;
        }
        Ok(())
    }
}

/// What an item got off its current period.
pub(crate) fn off_item(subscription: &Object, item: &Value) -> i64 {
    let id = item["id"].as_str().unwrap_or_default();
    subscription.private["taken_off"][id].as_i64().unwrap_or(0)
}

/// Keeps what an item got off its current period.
pub(crate) fn set_off_item(subscription: &mut Object, item: &str, off: i64) {
    subscription.private["taken_off"][item] = json!(off);
}

fn note_taken_off(subscription: &mut Object, invoice: &Object) {
    // A tiered price has several lines.
    let mut off: std::collections::BTreeMap<&str, i64> = std::collections::BTreeMap::new();
    for line in invoice.body["lines"]["data"].as_array().into_iter().flatten() {
        let details = &line["parent"]["subscription_item_details"];
        if let (Some(item), true) =
            (details["subscription_item"].as_str(), details["invoice_item"].is_null())
        {
            *off.entry(item).or_default() += taken_off(line);
        }
    }
    for (item, off) in off {
        set_off_item(subscription, item, off);
    }
}
