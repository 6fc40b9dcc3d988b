//! The addresses both sides must agree on.

/// Create an account.
pub const REGISTER: &str = "/api/auth/register";
/// Open a session.
pub const LOGIN: &str = "/api/auth/login";
/// Trade the refresh cookie for a new access token.
pub const REFRESH: &str = "/api/auth/refresh";
/// End the session.
pub const LOGOUT: &str = "/api/auth/logout";
/// The account's sessions.
pub const SESSIONS: &str = "/api/auth/sessions";
/// Have a link mailed that sets a new password.
pub const FORGOT_PASSWORD: &str = "/api/auth/forgot-password";
/// Set a new password with a mailed token.
pub const RESET_PASSWORD: &str = "/api/auth/reset-password";
/// Confirm an address with a mailed token.
pub const VERIFY_EMAIL: &str = "/api/auth/verify-email";
/// Have the link that confirms an address mailed again.
pub const RESEND_VERIFICATION: &str = "/api/auth/verify-email/resend";
/// Whether what a mailed link carries still works.
pub const CHECK_LINK: &str = "/api/auth/check-link";
/// The signed-in account.
pub const ME: &str = "/api/me";
/// The plans on offer.
pub const PLANS: &str = "/api/plans";
/// Start a Checkout.
pub const CHECKOUT_SESSION: &str = "/api/billing/checkout-session";
/// Open the Customer Portal.
pub const PORTAL_SESSION: &str = "/api/billing/portal-session";
/// Go on with a paused subscription.
pub const RESUME: &str = "/api/billing/resume";
/// The account's subscription.
pub const SUBSCRIPTION: &str = "/api/billing/subscription";
/// What a change of plan would cost.
pub const CHANGE_PREVIEW: &str = "/api/billing/change-preview";
/// The invoice the account owes.
pub const OPEN_INVOICE: &str = "/api/billing/open-invoice";
/// The account's invoices.
pub const INVOICES: &str = "/api/billing/invoices";
/// The episodes.
pub const EPISODES: &str = "/api/episodes";
/// The account's private feed address.
pub const FEED: &str = "/api/feed";
/// Replace the private feed address.
pub const FEED_ROTATE: &str = "/api/feed/rotate";
/// The stream of account changes.
pub const EVENTS: &str = "/api/events";
/// The description of this API (OpenAPI 3.1).
pub const OPENAPI: &str = "/api/openapi.json";
/// The page to read and try it.
pub const DOCS: &str = "/api/docs";
/// Where Stripe delivers events.
pub const WEBHOOKS: &str = "/webhooks";
/// Where Checkout sends a listener who paid; carries `session_id` in the query.
pub const CHECKOUT_RETURN: &str = "/checkout/return";
/// Where Checkout sends a listener who turned back.
pub const CHECKOUT_CANCELED: &str = "/pricing";
/// The page a mailed link opens to set a new password; carries `token` in the query.
pub const RESET_PASSWORD_PAGE: &str = "/reset-password";
/// The page a mailed link opens to confirm an address; carries `token` in the query.
pub const VERIFY_EMAIL_PAGE: &str = "/verify-email";
/// The page the service worker shows in place of one that it cannot have without a connection.
pub const OFFLINE_PAGE: &str = "/offline";
/// Where the portal sends a listener back.
pub const PORTAL_RETURN: &str = "/account";

/// The pages of the single-page app that the server knows: each answers 200 with the index.
/// A path segment that starts with `:` stands for any value.
pub const PAGES: &[&str] = &[
    "/",
    "/pricing",
    "/terms",
    "/privacy",
    "/register",
    "/login",
    "/forgot-password",
    RESET_PASSWORD_PAGE,
    VERIFY_EMAIL_PAGE,
    "/checkout/return",
    "/episodes",
    "/episodes/:id",
    "/account",
    OFFLINE_PAGE,
];

/// Whether `path` is a page of the single-page app.
pub fn is_page(path: &str) -> bool {
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    PAGES.iter().any(|page| {
        let (mut wanted, mut given) = (page.split('/'), path.split('/'));
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return true,
                (Some(segment), Some(value)) if segment == value => {}
                (Some(segment), Some(value)) if segment.starts_with(':') && !value.is_empty() => {}
                _ => return false,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_known_with_and_without_a_trailing_slash() {
        for (path, known) in [
            ("/", true),
            ("/pricing/", true),
            ("/episodes/ep_1", true),
            ("/episodes//", true),
            ("/episodes/ep_1/x", false),
            ("/nope", false),
        ] {
            assert_eq!(is_page(path), known, "{path}");
        }
    }
}
