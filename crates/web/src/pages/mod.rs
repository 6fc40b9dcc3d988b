//! The pages, one a module.

pub(crate) mod account;
pub(crate) mod checkout_return;
pub(crate) mod episode;
pub(crate) mod episodes;
mod gate;
pub(crate) mod home;
pub(crate) mod legal;
pub(crate) mod log_in;
pub(crate) mod not_found;
pub(crate) mod pricing;
pub(crate) mod register;
