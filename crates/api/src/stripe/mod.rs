//! A client for the parts of Stripe's API that a subscription product needs, and its webhook signatures.
//!
//! Three ideas carry it:
//! - A [`Request`] is data: method, path, parameters, idempotency key. One file a resource makes them,
//!   and says by its type what the answer is.
//! - [`Client::send`] is the only place that talks. Retry policy is a pure function ([`retry`]), and so is the
//!   [`Breaker`] that refuses calls at once while Stripe is down.
//! - Answers are read tolerantly: unknown fields and unknown enum values never fail a call, and the shapes
//!   of every API version since 2020-08-27 are understood, because webhook payloads come in the version of
//!   the account and not in ours.
//!
//! Nothing here knows a plan, a user or a database.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use api::stripe::{Client, Config, Deadline, SecretKey, customers, subscriptions};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let key = SecretKey::parse("sk_test_…")?;
//! let stripe = Client::new(Config::new(key, "https://api.stripe.com".parse()?))?;
//! let deadline = Deadline::within(Duration::from_secs(10));
//!
//! let customer = customers::Create { email: Some("ada@example.com".into()), ..Default::default() };
//! let customer = stripe.send(&customer.request().fresh_idempotency_key(), deadline).await?.value;
//!
//! let theirs = subscriptions::List { customer: Some(customer.id), ..subscriptions::List::every_status() };
//! for subscription in stripe.list_all(theirs.request(), deadline).await?.value {
//!     println!("{} is {}", subscription.id, subscription.status);
//! }
//! # Ok(())
//! # }
//! ```

pub mod accounts;
mod breaker;
pub mod charges;
pub mod checkout_sessions;
mod client;
pub mod customers;
pub mod disputes;
mod error;
pub mod event;
pub mod events;
pub mod form;
mod gate;
pub mod invoice_payments;
pub mod invoices;
mod object;
pub mod payment_methods;
pub mod portal_configurations;
pub mod portal_sessions;
pub mod prices;
pub mod products;
mod request;
pub mod retry;
mod secret;
pub mod signature;
pub mod subscription;
mod subscription_items;
pub mod subscriptions;
pub mod webhook_endpoints;

pub use breaker::{Breaker, BreakerSettings, BreakerState, Leave, Sign};
pub use checkout_sessions::CheckoutSession;
pub use client::{BuildError, Client, Config, Deadline, Pages, Response};
pub use customers::Customer;
pub use error::{ApiError, Error, ErrorKind};
pub use event::{Event, Notification, ThinEvent};
pub use invoices::Invoice;
pub use object::{Identified, List, Object, Reference};
pub use payment_methods::PaymentMethod;
pub use portal_configurations::PortalConfiguration;
pub use portal_sessions::PortalSession;
pub use prices::Price;
pub use products::Product;
pub use request::{Method, Request};
pub use secret::{BlankSecret, SecretKey, SigningSecret};
pub use subscription::{Subscription, SubscriptionStatus};
pub use subscription_items::SubscriptionItem;

/// The API version every request asks for, and whose shapes answers come in.
pub const API_VERSION: &str = "2026-10-28.endive";
