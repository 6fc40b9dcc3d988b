//! Why a listener has access or has none: the decision, the rule that made it, and how it came about.

use std::fmt::{self, Write};

use super::{
    Rules,
    alerts::{self, Alert},
    customers::{self, Person},
    subscriptions::{self, SubscriptionRow},
};
use crate::{
    access::{
        self, AccessChange, Dispute, MoneyBack, Reason, Snapshot, Standing, grants::GrantRecord,
    },
    clock::utc,
    db::{Conn, DbError},
};

/// Everything that bears on one listener's access.
pub struct Explanation {
    person: Person,
    standing: Standing,
    subscriptions: Vec<SubscriptionRow>,
    grants: Vec<GrantRecord>,
    changes: Vec<AccessChange>,
    alerts: Vec<Alert>,
    now: i64,
}

/// Explains the access of the listener with this e-mail address or customer id; `None` when there is none such.
pub fn explain(conn: &mut Conn, rules: &Rules, who: &str) -> Result<Option<Explanation>, DbError> {
    let Some(person) = customers::find_person(conn, who)? else { return Ok(None) };
    let now = rules.clock.billing();
    let subscriptions = subscriptions::list_of_user(conn, &person.user_id)?;
    let about = subscriptions.iter().map(|row| row.id.as_str()).chain([person.user_id.as_str()]);
    Ok(Some(Explanation {
        standing: access::standing(conn, &rules.policy, &person.user_id, now)?,
        alerts: alerts::list_open_about(conn, &about.collect::<Vec<_>>())?,
        subscriptions,
        grants: access::grants::list(conn, &person.user_id)?,
        changes: access::list_changes(conn, &person.user_id)?,
        person,
        now,
    }))
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Person { user_id, email, customer_id } = &self.person;
        writeln!(
            f,
            "{email}, user {user_id}, customer {}",
            customer_id.as_deref().unwrap_or("none")
        )?;
        let access = &self.standing.access;
        let plan = access.plan.as_deref().unwrap_or("no access");
        writeln!(f, "Now ({}): {plan}, reason {}", utc(self.now), access.reason)?;
        writeln!(f, "  {}", rule(&access.reason))?;
        if let Some(until) = access.until {
            writeln!(f, "  It changes by itself on {}.", utc(until))?;
        }
        for alert in &self.alerts {
            writeln!(f, "! {}", alert.message)?;
        }
        writeln!(f, "Subscriptions:{}", if self.subscriptions.is_empty() { " none" } else { "" })?;
        for row in &self.subscriptions {
            let counts = self.standing.subscription_id.as_deref() == Some(row.id.as_str());
            writeln!(f, "{} {}", if counts { "*" } else { " " }, line(row)?)?;
        }
        writeln!(f, "Grants:{}", if self.grants.is_empty() { " none" } else { "" })?;
        for grant in &self.grants {
            let until = grant
                .until
                .map_or_else(|| "for good".to_owned(), |until| format!("until {}", utc(until)));
            let taken =
                grant.revoked_at.map(|at| format!(", taken back {}", utc(at))).unwrap_or_default();
            writeln!(f, "  {} {until}, given {}{taken}", grant.plan, utc(grant.created_at))?;
        }
        writeln!(f, "History:{}", if self.changes.is_empty() { " none" } else { "" })?;
        for AccessChange { at, cause, before, after } in &self.changes {
            writeln!(f, "  {}  {} -> {}  by {cause}", utc(*at), brief(before), brief(after))?;
        }
        Ok(())
    }
}

fn line(row: &SubscriptionRow) -> Result<String, fmt::Error> {
    let mut line = format!(
        "{} {} {}",
        row.id,
        row.status,
        row.plan.as_deref().unwrap_or("of a product not sold here")
    );
    for (name, at) in [
        ("period ends", row.current_period_end),
        ("cancelled for", row.cancel_at),
        ("ended", row.ended_at),
        ("trial ends", row.trial_end),
        ("owed since", row.past_due_since),
        ("paid until", row.paid_until),
        ("as of", Some(row.version)),
    ] {
        if let Some(at) = at {
            write!(line, ", {name} {}", utc(at))?;
        }
    }
    if row.cancel_at_period_end {
        line.push_str(", ends with the period");
    }
    for (name, word) in [("payments paused:", &row.pause_behavior), ("end reason", &row.end_reason)]
    {
        if let Some(word) = word {
            write!(line, ", {name} {word}")?;
        }
    }
    let money = MoneyBack::from_text(row.money_back.as_deref());
    if let Some(invoice) = money.refunded_invoice {
        write!(line, ", {invoice} refunded in full")?;
    }
    if let Some(Dispute { invoice, status }) = money.dispute {
        write!(line, ", payment of {invoice} disputed: {status}")?;
    }
    Ok(line)
}

fn brief(snapshot: &Snapshot) -> String {
    format!("{} ({})", snapshot.plan.as_deref().unwrap_or("no access"), snapshot.reason)
}

fn rule(reason: &str) -> &'static str {
    Reason::ALL.iter().find(|known| known.as_str() == reason).map_or("", |known| known.rule())
}
