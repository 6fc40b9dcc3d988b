//! Customers: who pays. Source: <https://docs.stripe.com/api/customers>.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    form::Params,
    object::{self, Identified, Object, Reference, null_default},
    payment_methods::PaymentMethod,
    request::Request,
};

/// A customer.
#[derive(Clone, Debug, Deserialize)]
pub struct Customer {
    /// `cus_…`.
    pub id: String,
    /// Whether the customer is gone, which Stripe answers with 200; nothing else is known then.
    #[serde(default, deserialize_with = "null_default")]
    pub deleted: bool,
    /// Where receipts go; it can be changed in the portal and proves nothing about who signs in.
    pub email: Option<String>,
    /// Name on invoices.
    pub name: Option<String>,
    /// Defaults for invoices.
    pub invoice_settings: Option<InvoiceSettings>,
    /// The simulated clock the customer lives by, in test mode.
    pub test_clock: Option<Reference<Identified>>,
    /// Whether money is real.
    #[serde(default, deserialize_with = "null_default")]
    pub livemode: bool,
    /// What the maker of it noted.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: BTreeMap<String, String>,
}

impl Customer {
    /// What subscriptions without a payment method of their own are charged to.
    pub fn default_payment_method(&self) -> Option<&Reference<PaymentMethod>> {
        self.invoice_settings.as_ref()?.default_payment_method.as_ref()
    }
}

impl Object for Customer {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A customer's defaults for invoices.
#[derive(Clone, Debug, Deserialize)]
pub struct InvoiceSettings {
    /// What invoices are charged to.
    pub default_payment_method: Option<Reference<PaymentMethod>>,
}

/// One customer; a deleted one is answered with [`Customer::deleted`].
pub fn retrieve(id: &str) -> Request<Customer> {
    Request::get(["customers".to_owned(), id.to_owned()])
}

/// A customer to make.
#[derive(Clone, Debug, Default)]
pub struct Create {
    /// Where receipts go.
    pub email: Option<String>,
    /// Name on invoices.
    pub name: Option<String>,
    /// Notes.
    pub metadata: BTreeMap<String, String>,
}

impl Create {
    /// The call.
    pub fn request(self) -> Request<Customer> {
        Request::post(["customers"]).params(fields(self.email, self.name, self.metadata))
    }
}

/// Which customers to list.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Those with exactly this address, of which there may be several.
    pub email: Option<String>,
    /// A page's size, 1 to 100; 10 when nothing is said.
    pub limit: Option<u32>,
}

impl List {
    /// The call. Newest first; deleted customers are not listed.
    pub fn request(self) -> Request<object::List<Customer>> {
        let params = Params::new().with_some("email", self.email).with_some("limit", self.limit);
        Request::get(["customers"]).params(params)
    }
}

/// What to change about a customer; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// Where receipts go.
    pub email: Option<String>,
    /// Name on invoices.
    pub name: Option<String>,
    /// Merged into what is there.
    pub metadata: BTreeMap<String, String>,
}

impl Update {
    /// The call.
    pub fn request(self, id: &str) -> Request<Customer> {
        Request::post(["customers".to_owned(), id.to_owned()]).params(fields(
            self.email,
            self.name,
            self.metadata,
        ))
    }
}

fn fields(
    email: Option<String>,
    name: Option<String>,
    metadata: BTreeMap<String, String>,
) -> Params {
    Params::new().with_some("email", email).with_some("name", name).with("metadata", metadata)
}
