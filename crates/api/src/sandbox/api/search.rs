//! Search: `field:"value"` clauses joined by `AND` or by `OR`.

use serde_json::{Value, json};

use super::{Outcome, Request};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    store::{Listing, Tx},
};

/// One condition of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Clause {
    negated: bool,
    /// JSON pointer of the field.
    pointer: String,
    operator: Operator,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equals,
    Contains,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Query {
    clauses: Vec<Clause>,
    matches_any: bool,
}

impl Query {
    fn parse(text: &str) -> Option<Query> {
        let mut rest = text.trim();
        let (mut clauses, mut matches_any) = (Vec::new(), None);
        loop {
            let (clause, after) = Clause::parse(rest)?;
            clauses.push(clause);
            rest = after.trim_start();
            if rest.is_empty() {
                return Some(Query { clauses, matches_any: matches_any.unwrap_or(false) });
            }
            let (is_or, after) = match rest.get(..3)?.to_ascii_uppercase().as_str() {
                "AND" => (false, &rest[3..]),
                "OR " => (true, &rest[3..]),
                _ => (false, rest),
            };
            // Stripe refuses to mix the two.
            if matches_any.is_some_and(|known| known != is_or) {
                return None;
            }
            matches_any = Some(is_or);
            rest = after.trim_start();
        }
    }

    fn matches(&self, body: &Value) -> bool {
        if self.matches_any {
            self.clauses.iter().any(|clause| clause.matches(body))
        } else {
            self.clauses.iter().all(|clause| clause.matches(body))
        }
    }
}

impl Clause {
    fn parse(text: &str) -> Option<(Clause, &str)> {
        let (negated, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let end = text.find([':', '~', '<', '>'])?;
        let (field, rest) = text.split_at(end);
        let (operator, rest) = [
            (">=", Operator::GreaterOrEqual),
            ("<=", Operator::LessOrEqual),
            (":", Operator::Equals),
            ("~", Operator::Contains),
            (">", Operator::Greater),
            ("<", Operator::Less),
        ]
        .into_iter()
        .find_map(|(sign, operator)| rest.strip_prefix(sign).map(|rest| (operator, rest)))?;
        let (value, rest) = value(rest)?;
        let pointer = match field.split_once('[') {
            Some((field, key)) => {
                format!("/{field}/{}", key.trim_end_matches(']').trim_matches(['"', '\'']))
            }
            None => format!("/{}", field.trim().replace('.', "/")),
        };
        Some((Clause { negated, pointer, operator, value }, rest))
    }

    fn matches(&self, body: &Value) -> bool {
        let found = body.pointer(&self.pointer).unwrap_or(&Value::Null);
        let text = match found {
            Value::String(text) => text.clone(),
            Value::Null => "null".to_owned(),
            other => other.to_string(),
        };
        let numbers = || Some((found.as_i64()?, self.value.parse::<i64>().ok()?));
        let holds = match self.operator {
            Operator::Equals => text.eq_ignore_ascii_case(&self.value),
            Operator::Contains => text.to_lowercase().contains(&self.value.to_lowercase()),
            Operator::Greater => numbers().is_some_and(|(found, wanted)| found > wanted),
            Operator::GreaterOrEqual => numbers().is_some_and(|(found, wanted)| found >= wanted),
            Operator::Less => numbers().is_some_and(|(found, wanted)| found < wanted),
            Operator::LessOrEqual => numbers().is_some_and(|(found, wanted)| found <= wanted),
        };
        holds != self.negated
    }
}

/// A value, quoted (with `\` before quotes inside) or bare, and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        let end = text.find(' ').unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((place, character)) = characters.next() {
        match character {
            '\\' => value.push(characters.next()?.1),
            end if end == quote => return Some((value, &text[place + 1..])),
            other => value.push(other),
        }
    }
    None
}

pub(super) fn customers(tx: &mut Tx<'_>, request: Request) -> Outcome {
    search(tx, request, Kind::Customer, "/v1/customers/search")
}

pub(super) fn charges(tx: &mut Tx<'_>, request: Request) -> Outcome {
    search(tx, request, Kind::Charge, "/v1/charges/search")
}

pub(super) fn invoices(tx: &mut Tx<'_>, request: Request) -> Outcome {
    search(tx, request, Kind::Invoice, "/v1/invoices/search")
}

pub(super) fn payment_intents(tx: &mut Tx<'_>, request: Request) -> Outcome {
    search(tx, request, Kind::PaymentIntent, "/v1/payment_intents/search")
}

pub(super) fn products(tx: &mut Tx<'_>, request: Request) -> Outcome {
    search(tx, request, Kind::Product, "/v1/products/search")
}

pub(super) fn prices(tx: &mut Tx<'_>, request: Request) -> Outcome {
    search(tx, request, Kind::Price, "/v1/prices/search")
}

pub(super) fn subscriptions(tx: &mut Tx<'_>, request: Request) -> Outcome {
    search(tx, request, Kind::Subscription, "/v1/subscriptions/search")
}

/// `page` is the id of the last object already seen.
fn search(tx: &mut Tx<'_>, request: Request, kind: Kind, url: &str) -> Outcome {
    let mut params = request.params;
    let text = params.required("query")?;
    let limit = params.integer_from("limit", 1)?.unwrap_or(10).min(100);
    let page = params.string("page")?;
    params.finish()?;
    let query = Query::parse(&text).ok_or_else(|| {
        ApiError::invalid_param(
            "query",
            "We were unable to parse your search query. Try using the format `metadata[\"key\"]:\"value\"` to query \
             for metadata or key:\"value\" to query for other fields.",
        )
    })?;
    let listing = Listing {
        starting_after: page,
        limit: usize::try_from(limit).unwrap_or(10),
        ..Listing::default()
    };
    let found = |object: &Object| object.body["deleted"] != true && query.matches(&object.body);
    let (objects, has_more) = tx.list(kind, &listing, found)?;
    let next = objects.last().filter(|_| has_more).map(|object| object.id.clone());
    let data: Vec<Value> = objects.into_iter().map(|object| object.body).collect();
    Ok(
        json!({ "object": "search_result", "data": data, "has_more": has_more, "next_page": next, "url": url }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_are_joined_and_negated() {
        let body = json!({ "email": "a@b.c", "created": 5, "active": true, "metadata": { "plan id": "it's" } });
        for (text, expected) in [
            ("email:'A@b.c'", true),
            ("email:\"x\"", false),
            ("-email:\"x\" AND created>4", true),
            ("metadata[\"plan id\"]:'it\\'s' AND active:'true'", true),
            ("email:'x' OR created<=5", true),
            ("email~'b.'", true),
        ] {
            assert_eq!(Query::parse(text).unwrap().matches(&body), expected, "{text}");
        }
        for text in ["", "email", "email:'a", "a:'1' AND b:'2' OR c:'3'"] {
            assert_eq!(Query::parse(text), None, "{text}");
        }
    }
}
