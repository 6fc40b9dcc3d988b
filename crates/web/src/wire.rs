//! How the API's answers are understood: every field of every type by its name.

use shared::{
    account::{Access, Account, PaymentProblem, Session, SessionInfo, Sessions},
    billing::{
        Card, ChangePreview, CheckoutResult, Invoice, Invoices, OpenInvoice, OpenInvoiceAnswer,
        RedirectUrl, Subscription, SubscriptionAnswer,
    },
    episodes::{Chapter, Episode, EpisodePage, Episodes, FeedAddress, FeedApp},
    error::ErrorBody,
    plans::{Interval, Plan, PlanPrice, Plans},
};

use crate::json::{FromJson, Json, take};

/// A field left out here does not compile.
macro_rules! understand {
    ($($type:ident { $($field:ident),* $(,)? })*) => {$(
        impl FromJson for $type {
            fn from_json(json: Json) -> Option<Self> {
                let mut fields = json.into_fields()?;
                Some(Self { $($field: take(&mut fields, stringify!($field))?),* })
            }
        }
    )*};
}

understand! {
    ErrorBody { code, message, field }
    Session { token, expires_in, account }
    Account {
        id, email, pending_email, email_verified, created_at, stripe_customer_id, plan, subscription_status, access,
        current_period_end, ends_at, trial_end, payment_problem, deletion_pending,
    }
    Access { allowed, plan, until, reason }
    PaymentProblem { kind, deadline }
    Sessions { sessions }
    SessionInfo { id, created_at, last_seen_at, user_agent, current }
    RedirectUrl { url }
    CheckoutResult { status, payment_status, account }
    SubscriptionAnswer { subscription }
    Subscription {
        id, status, plan, interval, amount, currency, current_period_end, ends_at, trial_end, payment_method,
    }
    Card { brand, last4, exp_month, exp_year }
    ChangePreview { due_now, due_at_renewal, currency, renews_at }
    OpenInvoiceAnswer { invoice }
    OpenInvoice { id, amount_due, currency, hosted_invoice_url, requires_action }
    Invoices { invoices, has_more }
    Invoice { id, number, status, total, currency, created, hosted_invoice_url, invoice_pdf }
    Plans { plans }
    Plan { id, name, description, features, prices }
    PlanPrice { interval, lookup_key, amount, currency, trial_days, setup_fee }
    Episodes { episodes, has_more }
    Episode { id, number, title, summary, published_at, duration, required_plan, locked, audio_url }
    FeedAddress { url, qr_svg, apps }
    FeedApp { name, url }
    Chapter { start, title }
}

impl FromJson for Interval {
    fn from_json(json: Json) -> Option<Self> {
        Self::parse(&String::from_json(json)?)
    }
}

/// The episode's own fields stand beside the notes.
impl FromJson for EpisodePage {
    fn from_json(json: Json) -> Option<Self> {
        let mut fields = json.into_fields()?;
        let description_html = take(&mut fields, "description_html")?;
        let chapters = take(&mut fields, "chapters")?;
        Some(Self {
            episode: Episode::from_json(Json::Object(fields))?,
            description_html,
            chapters,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;
    use crate::{json::decode, membership::tests::account};

    fn round_trip<T: Serialize + FromJson + PartialEq + std::fmt::Debug>(value: &T) {
        let text = serde_json::to_string(value).expect("JSON");
        assert_eq!(decode::<T>(&text).as_ref(), Some(value), "{text}");
    }

    #[test]
    fn answers_are_understood_as_they_were_meant() {
        let mut full = account("past_due", Some("pro"));
        full.payment_problem =
            Some(PaymentProblem { kind: "past_due".to_owned(), deadline: Some(1_800_000_000) });
        full.deletion_pending = true;
        full.ends_at = Some(1);
        for account in [full, account("incomplete", None)] {
            round_trip(&account);
            let checkout = CheckoutResult {
                status: "complete".to_owned(),
                payment_status: "paid".to_owned(),
                account: account.clone(),
            };
            round_trip(&checkout);
            round_trip(&Session { token: "t".to_owned(), expires_in: 900, account });
        }
        let price = |interval, setup_fee| PlanPrice {
            interval,
            lookup_key: "pro".to_owned(),
            amount: 1000,
            currency: "usd".to_owned(),
            trial_days: 14,
            setup_fee,
        };
        round_trip(&Plans {
            plans: vec![Plan {
                id: "pro".to_owned(),
                name: "Pro".to_owned(),
                description: "All \"of\" it.".to_owned(),
                features: vec!["One".to_owned(), "Two".to_owned()],
                prices: vec![price(Interval::Month, None), price(Interval::Year, Some(500))],
            }],
        });
        round_trip(&SubscriptionAnswer { subscription: None });
        round_trip(&ErrorBody { code: "c".to_owned(), message: "m".to_owned(), field: None });
    }

    #[test]
    fn an_episodes_page_holds_the_episode_beside_its_notes() {
        let episode = Episode {
            id: "ep_1".to_owned(),
            number: 1,
            title: "One".to_owned(),
            summary: "Short.".to_owned(),
            published_at: 1_800_000_000,
            duration: 60,
            required_plan: Some("pro".to_owned()),
            locked: true,
            audio_url: None,
        };
        for chapters in [vec![], vec![Chapter { start: 0, title: "Hello".to_owned() }]] {
            let description_html = "<p>Notes</p>".to_owned();
            round_trip(&EpisodePage { episode: episode.clone(), description_html, chapters });
        }
    }

    #[test]
    fn fields_may_be_added_and_none_may_be_missing() {
        assert_eq!(
            decode(r#"{"url":"/x","later":{"a":[1.5]}}"#),
            Some(RedirectUrl { url: "/x".to_owned() })
        );
        assert_eq!(decode::<RedirectUrl>(r#"{"uri":"/x"}"#), None);
        assert_eq!(decode::<RedirectUrl>(r#"{"url":null}"#), None);
    }
}
