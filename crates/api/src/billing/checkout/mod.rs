//! On the way to Checkout: one listener, one customer, one open session, one subscription.
//!
//! A lease lets one request at a time talk to Stripe about a listener; the losers of a race wait, and then find the
//! session the winner made. Whatever crashes between Stripe's answer and our commit, the next request converges:
//! idempotency keys are made of what is stored before the call, and open sessions are looked up at Stripe.

mod customer;
pub(super) mod lease;
mod store;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use shared::{billing::StartCheckout, paths, plans::Interval};

pub(super) use store::owns_session;
pub use store::prune_sessions;
use store::{Attempt, NewSession, find_buyer};

use super::{Billing, BillingError, customers};
use crate::{
    account::Limit,
    catalog::{self, Offer, Plan},
    stripe::{
        self, CheckoutSession, Deadline, Request, Response, Subscription, SubscriptionStatus,
        checkout_sessions::{self, CheckoutStatus, LineItem},
        invoices, subscriptions,
    },
};

/// Checkouts a listener may start in an hour.
const LIMIT: Limit = Limit { name: "checkout", max: 20, window: 3600 };

/// A session that is about to expire is not handed out again.
const MIN_TIME_TO_PAY: i64 = 15 * 60;

/// What is being bought.
struct Wish<'a> {
    plan: &'a Plan,
    interval: Interval,
    offer: Offer,
    setup_fee: Option<Offer>,
}

/// The customer Stripe knew by the id we kept is gone; the next one is ours to make.
enum Stop {
    CustomerMissing,
    Failed(BillingError),
}

impl<E: Into<BillingError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Billing {
    /// The hosted page on which this listener pays for a plan.
    ///
    /// # Errors
    /// [`BillingError::PlanNotFound`], [`BillingError::AlreadySubscribed`], and what Stripe or the database answer.
    pub async fn start_checkout(
        &self,
        user_id: &str,
        wanted: &StartCheckout,
    ) -> Result<String, BillingError> {
        let plan = self.catalog.plan(&wanted.plan).ok_or(BillingError::PlanNotFound)?;
        self.limits.hit(&LIMIT, user_id).await?;
        let deadline = self.deadline();
        let wish = self.find_wish(plan, wanted.interval).await?;
        let lease = lease::take(&self.db, &self.clock(), user_id, deadline).await?;
        let url = self.find_or_make_session(user_id, &wish, deadline).await;
        lease.release().await;
        url
    }

    async fn find_wish<'a>(
        &self,
        plan: &'a Plan,
        interval: Interval,
    ) -> Result<Wish<'a>, BillingError> {
        let id = plan.id.clone();
        let (offer, setup_fee) = self
            .db
            .read(move |conn| {
                let offer = catalog::store::find_offer(conn, &id, interval)?;
                Ok::<_, BillingError>((offer, catalog::store::find_setup_fee(conn, &id)?))
            })
            .await?;
        Ok(Wish { plan, interval, offer: offer.ok_or(BillingError::PlanNotFound)?, setup_fee })
    }

    async fn find_or_make_session(
        &self,
        user_id: &str,
        wish: &Wish<'_>,
        deadline: Deadline,
    ) -> Result<String, BillingError> {
        let customer = self.find_or_make_customer(user_id, deadline).await?;
        let customer = match self.session_for(user_id, &customer, wish, deadline).await {
            Ok(url) => return Ok(url),
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::CustomerMissing) => {
                self.retire_customer(user_id, customer, "missing_at_stripe").await?;
                self.find_or_make_customer(user_id, deadline).await?
            }
        };
        match self.session_for(user_id, &customer, wish, deadline).await {
            Ok(url) => Ok(url),
            Err(Stop::Failed(error)) => Err(error),
            // Replaced once; twice in one request is not the loss of a customer.
            Err(Stop::CustomerMissing) => Err(BillingError::NoCustomer),
        }
    }

    async fn session_for(
        &self,
        user_id: &str,
        customer: &str,
        wish: &Wish<'_>,
        deadline: Deadline,
    ) -> Result<String, Stop> {
        // Sessions first: one that is paid between the two questions shows as a subscription.
        let open = self.list_open_sessions(customer, deadline).await?;
        let theirs = subscriptions::List {
            customer: Some(customer.to_owned()),
            ..subscriptions::List::every_status()
        };
        let theirs =
            self.stripe.list_all(theirs.request(), deadline).await.map_err(missing_customer)?.value;
        let live: Vec<_> = theirs.iter().filter(|one| !one.status.is_final()).collect();
        if !live.is_empty() {
            self.expire_sessions(&open, deadline).await?;
            return Ok(self.unpaid_invoice_of(&live, deadline).await?);
        }
        // One that was made is kept only now if this process, or another, fell between the two.
        let session = match self.reuse_open_session(open, wish, deadline).await? {
            Some(session) => session,
            None => self.make_session(user_id, customer, wish, &theirs, deadline).await?,
        };
        let url = session.url.clone().ok_or(BillingError::Conflict)?;
        let kept = NewSession {
            id: session.id,
            user_id: user_id.to_owned(),
            plan: wish.plan.id.clone(),
            interval: wish.interval.as_str().to_owned(),
            price_id: wish.offer.price_id.clone(),
            status: CheckoutStatus::Open.as_str().to_owned(),
            url: session.url,
            expires_at: session.expires_at.unwrap_or(session.created),
            created_at: session.created,
        };
        self.db.write(move |conn| store::keep_session(conn, &kept)).await?;
        Ok(url)
    }

    /// A subscription whose first payment is outstanding is paid on its invoice's page; any other is changed in the
    /// portal.
    async fn unpaid_invoice_of(
        &self,
        live: &[&Subscription],
        deadline: Deadline,
    ) -> Result<String, BillingError> {
        let is_unpaid = |one: &&Subscription| one.status == SubscriptionStatus::Incomplete;
        let newest = live.first().filter(|_| live.iter().all(is_unpaid));
        let invoice = newest
            .and_then(|subscription| subscription.latest_invoice_id())
            .ok_or(BillingError::AlreadySubscribed)?;
        let invoice = self.stripe.send(&invoices::retrieve(invoice), deadline).await?.value;
        invoice.hosted_invoice_url.ok_or(BillingError::AlreadySubscribed)
    }

    async fn list_open_sessions(
        &self,
        customer: &str,
        deadline: Deadline,
    ) -> Result<Vec<CheckoutSession>, Stop> {
        let open = checkout_sessions::List {
            customer: Some(customer.to_owned()),
            status: Some(CheckoutStatus::Open),
            limit: Some(100),
        };
        let open = self.stripe.list_all(open.request(), deadline).await;
        Ok(open.map_err(missing_customer)?.value)
    }

    /// The open session for the same price, if there is one; those for other prices are ended, so that a tab left
    /// open cannot pay a second time.
    async fn reuse_open_session(
        &self,
        mut open: Vec<CheckoutSession>,
        wish: &Wish<'_>,
        deadline: Deadline,
    ) -> Result<Option<CheckoutSession>, Stop> {
        let payable_until = self.clock().billing() + MIN_TIME_TO_PAY;
        let fits = |session: &CheckoutSession| {
            session.url.is_some()
                && session.metadata.get("circle_price") == Some(&wish.offer.price_id)
                && session.expires_at.is_some_and(|at| at > payable_until)
        };
        let found = open.iter().position(fits).map(|at| open.remove(at));
        self.expire_sessions(&open, deadline).await?;
        Ok(found)
    }

    async fn expire_sessions(
        &self,
        sessions: &[CheckoutSession],
        deadline: Deadline,
    ) -> Result<(), BillingError> {
        for session in sessions {
            let request = checkout_sessions::expire(&session.id).fresh_idempotency_key();
            match self.stripe.send(&request, deadline).await {
                Ok(_) => {}
                // Paid in this very moment: its subscription is found by the next request.
                Err(stripe::Error::Api(error)) if error.status == 400 => {
                    return Err(BillingError::AlreadySubscribed);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn make_session(
        &self,
        user_id: &str,
        customer: &str,
        wish: &Wish<'_>,
        earlier: &[Subscription],
        deadline: Deadline,
    ) -> Result<CheckoutSession, Stop> {
        let id = user_id.to_owned();
        let buyer = self.db.read(move |conn| find_buyer(conn, &id)).await?;
        let is_first =
            earlier.iter().all(|one| one.status == SubscriptionStatus::IncompleteExpired);
        let had_trial = buyer.had_trial || earlier.iter().any(|one| one.trial_end.is_some());
        let setup_fee = wish.setup_fee.as_ref().filter(|_| is_first);
        let items = std::iter::once(&wish.offer).chain(setup_fee);
        let settings = &self.catalog.checkout;
        let create = checkout_sessions::Create {
            customer: customer.to_owned(),
            client_reference_id: Some(user_id.to_owned()),
            line_items: items
                .map(|offer| LineItem { price: offer.price_id.clone(), quantity: 1 })
                .collect(),
            success_url: self.page(paths::CHECKOUT_RETURN) + "?session_id={CHECKOUT_SESSION_ID}",
            cancel_url: self.page(paths::CHECKOUT_CANCELED),
            expires_at: None,
            allow_promotion_codes: settings.promotion_codes,
            automatic_tax: settings.automatic_tax,
            tax_id_collection: settings.tax_ids,
            terms_of_service: settings.terms_of_service,
            payment_methods: settings.payment_methods.clone(),
            trial_days: if had_trial { 0 } else { wish.plan.trial_days },
            metadata: BTreeMap::from([
                (customers::USER_KEY.to_owned(), user_id.to_owned()),
                ("circle_price".to_owned(), wish.offer.price_id.clone()),
            ]),
            subscription_metadata: BTreeMap::from([(
                customers::USER_KEY.to_owned(),
                user_id.to_owned(),
            )]),
        };
        let request = with_key(create.request(), "checkout", user_id, buyer.session_attempt);
        match self.stripe.send(&request, deadline).await {
            Ok(Response { value, .. }) => Ok(value),
            Err(error) => {
                self.note_answer(user_id, Attempt::Session, &error).await?;
                Err(missing_customer(error))
            }
        }
    }

    /// What failed and may be kept for its idempotency key would fail like that for a day: the next try is another
    /// attempt. What did come of this one is found by asking Stripe first.
    async fn note_answer(
        &self,
        user_id: &str,
        attempt: Attempt,
        error: &stripe::Error,
    ) -> Result<(), BillingError> {
        if !error.may_be_kept() {
            return Ok(());
        }
        let user_id = user_id.to_owned();
        Ok(self.db.write(move |conn| store::update_attempt(conn, &user_id, attempt)).await?)
    }
}

/// The same key for the same attempt with the same parameters, after a crash too; another one for anything else.
fn with_key<T>(request: Request<T>, purpose: &str, user_id: &str, attempt: i64) -> Request<T> {
    let parameters = hex::encode(&Sha256::digest(request.form())[..8]);
    request.idempotency_key(format!("{purpose}:{user_id}:{attempt}:{parameters}"))
}

fn missing_customer(error: stripe::Error) -> Stop {
    if error.is_missing("customer") { Stop::CustomerMissing } else { Stop::Failed(error.into()) }
}
