//! The pages, one a module.

pub(crate) mod account;
pub(crate) mod checkout_return;
pub(crate) mod entry;
pub(crate) mod episode;
pub(crate) mod episodes;
pub(crate) mod home;
pub(crate) mod legal;
pub(crate) mod not_found;
pub(crate) mod offline;
pub(crate) mod pricing;
pub(crate) mod recovery;
