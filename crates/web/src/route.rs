//! The app's addresses: parsing, writing and naming them. Pure, so that every address is tested.

use form_urlencoded::Serializer;
use shared::plans::Interval;

/// A plan and how often it is paid: what the buttons of the pricing page choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The plan's id.
    pub(crate) plan: String,
    /// How often it is charged.
    pub(crate) interval: Interval,
}

/// What comes after signing in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Afterwards {
    /// Go to Checkout with this plan.
    pub(crate) choice: Option<Choice>,
    /// Go to this address of the app. It is only ever pushed as a route, so it cannot lead away.
    pub(crate) next: Option<String>,
}

/// A page of the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// What this is.
    Home,
    /// The plans.
    Pricing,
    /// The terms of use.
    Terms,
    /// The privacy policy.
    Privacy,
    /// Make an account.
    Register(Afterwards),
    /// Open a session.
    LogIn(Afterwards),
    /// Ask for a mail to choose a new password with.
    ForgotPassword,
    /// Choose a new password.
    ResetPassword {
        /// What the mailed link carries.
        token: Option<String>,
    },
    /// Confirm an address.
    VerifyEmail {
        /// What the mailed link carries.
        token: Option<String>,
    },
    /// Back from Checkout.
    CheckoutReturn {
        /// `cs_…`; absent when somebody typed the address.
        session_id: Option<String>,
    },
    /// Every episode.
    Episodes,
    /// One episode with its notes.
    Episode {
        /// Our id of it.
        id: String,
    },
    /// The membership.
    Account,
    /// What the service worker shows without a connection.
    Offline,
    /// Nothing is at this address.
    NotFound,
}

impl Route {
    /// The page at `path` with `query` (without its `?`).
    pub(crate) fn parse(path: &str, query: &str) -> Self {
        let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        match segments.as_slice() {
            [] => Self::Home,
            ["pricing"] => Self::Pricing,
            ["terms"] => Self::Terms,
            ["privacy"] => Self::Privacy,
            ["register"] => Self::Register(Afterwards::parse(query)),
            ["login"] => Self::LogIn(Afterwards::parse(query)),
            ["forgot-password"] => Self::ForgotPassword,
            ["reset-password"] => Self::ResetPassword { token: parameter(query, "token") },
            ["verify-email"] => Self::VerifyEmail { token: parameter(query, "token") },
            ["checkout", "return"] => {
                Self::CheckoutReturn { session_id: parameter(query, "session_id") }
            }
            ["episodes"] => Self::Episodes,
            ["episodes", id] => Self::Episode { id: (*id).to_owned() },
            ["account"] => Self::Account,
            ["offline"] => Self::Offline,
            _ => Self::NotFound,
        }
    }

    /// The page at an address of this app, such as `/login?next=/account`.
    pub(crate) fn parse_href(href: &str) -> Self {
        let (path, query) = href.split_once('?').unwrap_or((href, ""));
        Self::parse(path, query)
    }

    /// The address of the page.
    pub(crate) fn href(&self) -> String {
        match self {
            Self::Home => "/".to_owned(),
            Self::Pricing => "/pricing".to_owned(),
            Self::Terms => "/terms".to_owned(),
            Self::Privacy => "/privacy".to_owned(),
            Self::Register(afterwards) => afterwards.append_to("/register"),
            Self::LogIn(afterwards) => afterwards.append_to("/login"),
            Self::ForgotPassword => "/forgot-password".to_owned(),
            Self::ResetPassword { token } => {
                with_parameters("/reset-password", &[("token", token.as_deref())])
            }
            Self::VerifyEmail { token } => {
                with_parameters("/verify-email", &[("token", token.as_deref())])
            }
            Self::CheckoutReturn { session_id } => {
                with_parameters("/checkout/return", &[("session_id", session_id.as_deref())])
            }
            Self::Episodes => "/episodes".to_owned(),
            Self::Episode { id } => format!("/episodes/{id}"),
            Self::Account => "/account".to_owned(),
            Self::Offline => "/offline".to_owned(),
            Self::NotFound => "/not-found".to_owned(),
        }
    }

    /// The page's name, for the browser's title and for screen readers.
    pub(crate) const fn title(&self) -> &'static str {
        match self {
            Self::Home => "Stay in the circle",
            Self::Pricing => "Pricing",
            Self::Terms => "Terms",
            Self::Privacy => "Privacy",
            Self::Register(_) => "Create your account",
            Self::LogIn(_) => "Log in",
            Self::ForgotPassword => "Forgot your password?",
            Self::ResetPassword { .. } => "Choose a new password",
            Self::VerifyEmail { .. } => "Confirm your address",
            Self::CheckoutReturn { .. } => "Your payment",
            Self::Episodes => "Episodes",
            Self::Episode { .. } => "Episode",
            Self::Account => "Your membership",
            Self::Offline => "You are offline",
            Self::NotFound => "Page not found",
        }
    }

    /// Whether this is a page that people without a session come for first, and the small bundle has.
    /// The index names the same ones to choose the bundle.
    pub(crate) const fn is_for_visitors(&self) -> bool {
        !matches!(
            self,
            Self::ForgotPassword
                | Self::ResetPassword { .. }
                | Self::VerifyEmail { .. }
                | Self::CheckoutReturn { .. }
                | Self::Episodes
                | Self::Episode { .. }
                | Self::Account
        )
    }

    /// Where to register with nothing chosen.
    pub(crate) fn join() -> Self {
        Self::Register(Afterwards::default())
    }

    /// Where to log in, to come back to `self`.
    pub(crate) fn behind_log_in(&self) -> Self {
        Self::LogIn(Afterwards { next: Some(self.href()), choice: None })
    }
}

impl Afterwards {
    /// Go to Checkout with `choice`.
    pub(crate) fn checkout(choice: Choice) -> Self {
        Self { choice: Some(choice), next: None }
    }

    fn parse(query: &str) -> Self {
        let interval = parameter(query, "interval").and_then(|word| Interval::parse(&word));
        let interval = interval.unwrap_or_default();
        Self {
            choice: parameter(query, "plan").map(|plan| Choice { plan, interval }),
            next: parameter(query, "next").filter(|next| next.starts_with('/')),
        }
    }

    fn append_to(&self, path: &str) -> String {
        let choice = self.choice.as_ref();
        with_parameters(
            path,
            &[
                ("plan", choice.map(|choice| choice.plan.as_str())),
                ("interval", choice.map(|choice| choice.interval.as_str())),
                ("next", self.next.as_deref()),
            ],
        )
    }
}

/// The value of a parameter; an empty one is none.
fn parameter(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, value)| key == name && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}

fn with_parameters(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_leads_back_to_its_page() {
        let choice = Choice { plan: "pro".to_owned(), interval: Interval::Year };
        for (route, href) in [
            (Route::Home, "/"),
            (Route::Pricing, "/pricing"),
            (Route::Terms, "/terms"),
            (Route::Privacy, "/privacy"),
            (Route::join(), "/register"),
            (
                Route::Register(Afterwards::checkout(choice.clone())),
                "/register?plan=pro&interval=year",
            ),
            (Route::LogIn(Afterwards::checkout(choice)), "/login?plan=pro&interval=year"),
            (Route::Account.behind_log_in(), "/login?next=%2Faccount"),
            (
                Route::CheckoutReturn { session_id: Some("cs_test_1".to_owned()) },
                "/checkout/return?session_id=cs_test_1",
            ),
            (Route::ForgotPassword, "/forgot-password"),
            (Route::ResetPassword { token: Some("t/1".to_owned()) }, "/reset-password?token=t%2F1"),
            (Route::VerifyEmail { token: None }, "/verify-email"),
            (Route::Episodes, "/episodes"),
            (Route::Episode { id: "ep_1".to_owned() }, "/episodes/ep_1"),
            (Route::Account, "/account"),
            (Route::Offline, "/offline"),
        ] {
            assert_eq!(route.href(), href);
            assert_eq!(Route::parse_href(href), route, "{href}");
        }
    }

    #[test]
    fn the_app_knows_exactly_the_pages_the_server_knows() {
        for page in shared::paths::PAGES {
            assert_ne!(Route::parse(&page.replace(':', "x"), ""), Route::NotFound, "{page}");
        }
        for path in ["/nope", "/episodes/1/2", "/checkout", "/not-found"] {
            assert_eq!(Route::parse(path, ""), Route::NotFound, "{path}");
            assert!(!shared::paths::is_page(path), "{path}");
        }
    }

    #[test]
    fn odd_queries_choose_nothing_and_lead_nowhere_else() {
        for (query, choice, next) in [
            ("", None, None),
            ("plan=", None, None),
            ("plan=pro&interval=week", Some(("pro", Interval::Month)), None),
            ("next=https%3A%2F%2Fevil.example", None, None),
            ("next=%2Fepisodes&plan=a%20b", Some(("a b", Interval::Month)), Some("/episodes")),
        ] {
            let afterwards = Afterwards::parse(query);
            let chosen = afterwards.choice.as_ref();
            assert_eq!(chosen.map(|it| (it.plan.as_str(), it.interval)), choice, "{query}");
            assert_eq!(afterwards.next.as_deref(), next, "{query}");
        }
    }

    #[test]
    fn a_next_address_on_another_host_is_a_page_of_ours_that_is_not_there() {
        assert_eq!(Route::parse_href("//evil.example/account"), Route::NotFound);
    }
}
