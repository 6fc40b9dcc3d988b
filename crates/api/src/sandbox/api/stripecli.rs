//! What the official CLI asks for besides Stripe's API.

use super::{Outcome, Request};
use crate::sandbox::{listen, store::Tx};

/// `stripe listen` begins.
pub(super) fn open_session(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let device = params.string("device_name")?;
    listen::open_session(tx, device.as_deref())
}
