//! An account as it shows itself: the user's row and where they stand now.

use shared::account::Account;

use super::User;
use crate::{
    access::{self, Policy, Standing},
    db::{Conn, DbError},
};

/// The account at `now`, in billing time.
pub(super) fn account(
    conn: &mut Conn,
    policy: &Policy,
    user: User,
    now: i64,
) -> Result<Account, DbError> {
    let standing = access::standing(conn, policy, &user.id, now)?;
    Ok(shown(user, standing))
}

/// The account of a user who stands so.
pub(super) fn shown(user: User, standing: Standing) -> Account {
    Account {
        id: user.id,
        email: user.email,
        email_verified: user.email_verified,
        pending_email: user.pending_email,
        created_at: user.created_at,
        stripe_customer_id: user.stripe_customer_id,
        plan: standing.plan,
        subscription_status: standing.subscription_status,
        access: standing.access,
        current_period_end: standing.current_period_end,
        ends_at: standing.ends_at,
        trial_end: standing.trial_end,
        payment_problem: standing.payment_problem,
        deletion_pending: user.deletion_requested_at.is_some(),
    }
}
