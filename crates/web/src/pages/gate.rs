//! Pages for listeners only: visitors go by log-in and come back.

use std::rc::Rc;

use shared::account::Account;
use yew::prelude::*;

use crate::{
    navigation::use_navigator,
    session::{Session, use_session},
};

/// The signed-in account; `None` while it is not known, or while a visitor is on the way to log in.
#[hook]
pub(crate) fn use_listener() -> Option<Rc<Account>> {
    let session = use_session();
    let navigator = use_navigator();
    use_effect_with(session == Session::Visitor, move |visitor| {
        if *visitor {
            navigator.replace(navigator.route().behind_log_in());
        }
    });
    session.account().cloned()
}
