//! The listener's customer at Stripe, made at the first Checkout.

use std::collections::BTreeMap;

use super::{
    store::{Attempt, Buyer, find_buyer},
    with_key,
};
use crate::{
    billing::{
        Billing, BillingError,
        customers::{self, Owner, USER_KEY},
    },
    stripe::{Deadline, customers as stripe_customers},
};

impl Billing {
    pub(super) async fn find_or_make_customer(
        &self,
        user_id: &str,
        deadline: Deadline,
    ) -> Result<String, BillingError> {
        let id = user_id.to_owned();
        let buyer = self.db.read(move |conn| find_buyer(conn, &id)).await?;
        if let Some(customer) = buyer.customer_id {
            return Ok(customer);
        }
        let customer = match self.find_unbound(user_id, &buyer, deadline).await? {
            Some(customer) => customer,
            None => self.make_customer(user_id, &buyer, deadline).await?,
        };
        let (id, bound, clock) = (user_id.to_owned(), customer.clone(), self.clock());
        self.db
            .write(move |conn| {
                if !customers::bind(conn, &id, &bound, &clock)? {
                    return Err(BillingError::Conflict);
                }
                // It may have been changed while Stripe was asked.
                Ok(customers::update_told_email(conn, &id, &bound, &buyer.email)?)
            })
            .await?;
        Ok(customer)
    }

    /// The customer that an attempt before this one made although Stripe answered with a failure.
    async fn find_unbound(
        &self,
        user_id: &str,
        buyer: &Buyer,
        deadline: Deadline,
    ) -> Result<Option<String>, BillingError> {
        if buyer.customer_attempt == 0 {
            return Ok(None);
        }
        let list = stripe_customers::List { email: Some(buyer.email.clone()), limit: Some(100) };
        let same_address = self.stripe.list_all(list.request(), deadline).await?.value;
        // The address proves nothing. The metadata does: nobody but us writes it.
        let ours = same_address
            .into_iter()
            .filter(|customer| customer.metadata.get(USER_KEY).is_some_and(|id| id == user_id));
        let ours: Vec<_> = ours.map(|customer| customer.id).collect();
        let unbound = self.db.read(move |conn| {
            for customer in ours {
                if customers::find_owner(conn, &customer)? == Owner::Foreign {
                    return Ok(Some(customer));
                }
            }
            Ok::<_, BillingError>(None)
        });
        unbound.await
    }

    async fn make_customer(
        &self,
        user_id: &str,
        buyer: &Buyer,
        deadline: Deadline,
    ) -> Result<String, BillingError> {
        let create = stripe_customers::Create {
            email: Some(buyer.email.clone()),
            metadata: BTreeMap::from([(USER_KEY.to_owned(), user_id.to_owned())]),
            ..Default::default()
        };
        let request = with_key(create.request(), "customer", user_id, buyer.customer_attempt);
        match self.stripe.send(&request, deadline).await {
            Ok(answer) => Ok(answer.value.id),
            Err(error) => {
                self.note_answer(user_id, Attempt::Customer, &error).await?;
                Err(error.into())
            }
        }
    }

    /// Takes a customer that is gone at Stripe from its listener.
    pub(in crate::billing) async fn retire_customer(
        &self,
        user_id: &str,
        customer: String,
        reason: &'static str,
    ) -> Result<(), BillingError> {
        let (id, clock) = (user_id.to_owned(), self.clock());
        Ok(self
            .db
            .write(move |conn| customers::retire(conn, &id, &customer, reason, &clock))
            .await?)
    }
}
