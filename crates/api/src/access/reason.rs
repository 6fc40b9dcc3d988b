//! The rules of access by name.

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $rule:literal;)*) => {
        /// The rule that decided.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason { $($(#[$doc])* $variant,)* }

        impl Reason {
            /// Every reason there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable word for it, on the wire and in the history.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What it says, for the operator.
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$variant => $rule,)* }
            }
        }
    };
}

reasons! {
    /// Paid.
    Active = "active", "It is paid, and its period runs or was over only just now.";
    /// In a trial.
    Trialing = "trialing", "It is in its trial.";
    /// A renewal failed lately.
    Grace = "grace", "A renewal failed, and the days of grace since the oldest unpaid invoice are not over.";
    /// Given by the operator.
    Granted = "granted", "The operator gave it.";
    /// Neither a subscription nor a grant.
    NoSubscription = "no_subscription", "There is neither a subscription nor a grant.";
    /// The latest invoice was paid back.
    Refunded = "refunded", "Its latest invoice was refunded in full.";
    /// A payment is disputed.
    Disputed = "disputed", "A payment for it is disputed, or the dispute about the latest one was lost.";
    /// Canceled, or past its planned end.
    Ended = "ended", "The subscription ended, or its planned end has passed.";
    /// A renewal failed, and the grace is over.
    PastDue = "past_due", "A renewal failed, and the days of grace since the oldest unpaid invoice are over.";
    /// Stripe gave up on collecting.
    Unpaid = "unpaid", "Stripe gave up on collecting its invoices.";
    /// Paused, or its invoices are voided and the paid period is over.
    Paused = "paused", "It is paused, or its invoices are voided and what was paid is over.";
    /// The first payment is missing.
    Incomplete = "incomplete", "Its first payment is missing.";
    /// The first payment never came.
    IncompleteExpired = "incomplete_expired", "Its first payment never came.";
    /// `active` for too long behind its period's end.
    Stale = "stale", "It is said to be active, but its period is long over and Stripe told nothing newer.";
    /// A product that is not sold here.
    UnknownProduct = "unknown_product", "It is for a product that the catalog does not sell.";
    /// A status that was not known when this was written.
    UnknownStatus = "unknown_status", "Stripe gives it a status that this program does not know.";
    /// The operator's grant is over.
    GrantEnded = "grant_ended", "What the operator gave is over or taken back.";
}
