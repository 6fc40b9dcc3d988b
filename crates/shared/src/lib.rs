//! The wire between the API and the single-page app: requests, answers, error codes, paths, money.
//!
//! Times are Unix seconds, money is an amount in the currency's minor unit beside its ISO code.
//! Nothing here knows a database, a framework or Stripe.

pub mod account;
pub mod billing;
pub mod episodes;
pub mod error;
pub mod money;
pub mod paths;
pub mod plans;
