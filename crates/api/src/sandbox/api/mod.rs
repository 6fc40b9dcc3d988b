//! Stripe's HTTP API: who asks, which operation, in which transaction, and how it is answered.

mod absent;
mod account;
mod auth;
mod balance;
mod charges;
mod checkout_sessions;
mod country_specs;
mod coupons;
mod customer_balance;
mod customers;
mod discounts;
mod disputes;
mod events;
mod expand;
mod idempotency;
mod intents;
mod invoice_items;
mod invoices;
mod list;
mod payment_methods;
mod payment_pages;
mod permissions;
mod plans;
mod portal_configurations;
mod portal_sessions;
mod prices;
mod products;
mod promotion_codes;
mod refunds;
mod routes;
mod search;
mod sources;
mod stripecli;
mod subscription_items;
mod subscription_schedules;
mod subscriptions;
mod tax_codes;
mod tax_ids;
mod tax_rates;
mod test_clocks;
mod tokens;
mod webhook_endpoints;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{StatusCode, header::HttpDate},
    web::{self, Bytes},
};
use serde_json::{Map, Value};

use self::idempotency::Kept;
use self::list::Page;
pub(crate) use self::{
    customers::blank as blank_customer, idempotency::InFlight, payment_methods::detach_from,
    webhook_endpoints::endpoint as webhook_endpoint,
};
use super::{
    Sandbox,
    error::ApiError,
    events::at_version,
    faults::{self, ApiFault, When},
    form,
    log::LoggedRequest,
    object::random_word,
    params::Params,
    record::Exchange,
    store::{Origin, Tx},
    test_clocks::{follow, named},
    versions::{self, Version},
};

/// Bodies beyond this many bytes are refused.
const MAX_BODY: usize = 1 << 20;

/// What an operation is given: the ids in its path and its parameters.
#[derive(Debug, Default)]
pub(crate) struct Request {
    /// In the path's order.
    ids: Vec<String>,
    params: Params,
    /// `Stripe-Version`, when the request names one.
    version: Option<Version>,
}

impl Request {
    /// The first id in the path.
    fn id(&self) -> &str {
        self.ids.first().map_or("", String::as_str)
    }

    /// Whether parameters that the version of this date has dropped are still taken. They are, too, when the request
    /// names no version: the official CLI names none, and sends them.
    fn is_before(&self, date: &str) -> bool {
        self.version.is_none_or(|version| version.is_before(date))
    }

    /// Whether the request asks for a version from 2026-09-30.endive on.
    fn is_endive(&self) -> bool {
        !self.is_before("2026-09-30")
    }
}

/// An answer ready to send, of this request or of the first with its idempotency key.
struct Answer {
    status: u16,
    body: Bytes,
    original_request: String,
    is_replay: bool,
}

/// Mounts the API.
pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes
        .app_data(web::PayloadConfig::new(MAX_BODY))
        // Nothing is at `/v1` itself nor under `/v2`; that too is said in Stripe's envelope.
        .service(web::resource(["/v1", "/v1/{path:.*}", "/v2/{path:.*}"]).to(handle));
}

async fn handle(
    request: HttpRequest,
    body: Result<Bytes, actix_web::Error>,
    sandbox: web::Data<Sandbox>,
) -> HttpResponse {
    let (body, whole) = match body {
        Ok(body) => (body, Ok(())),
        Err(error) => (Bytes::new(), Err(unreadable(&error))),
    };
    let request_id = format!("req_{}", random_word(14));
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let key = header("Idempotency-Key").filter(|_| request.method() == "POST").map(str::to_owned);
    let (method, path) = (request.method().as_str(), request.path());
    let (fault, when) = sandbox.faults.strike_request(method, path).unzip();
    let interruption = match (fault, when) {
        (Some(ApiFault::Error { status }), Some(When::During)) => Some(status),
        _ => None,
    };
    let done = match when {
        Some(When::Before) => None,
        Some(When::During | When::After) | None => Some(match whole {
            Ok(()) => {
                answer(&request, &body, &sandbox, &request_id, key.clone(), interruption).await
            }
            Err(error) => Err(error),
        }),
    };
    let answer = match fault {
        None => done,
        Some(ApiFault::Error { .. }) if interruption.is_some() => done,
        Some(ApiFault::Error { status }) => Some(Err(ApiError::of_status(status))),
        Some(ApiFault::Timeout(_) | ApiFault::Reset) => None,
    };
    let answer =
        answer.map(|answer| answer.unwrap_or_else(|error| refused(&error, &sandbox, &request_id)));
    let status = answer.as_ref().map(|answer| answer.status);
    let logged = answer.as_ref().map(|answer| answer.body.clone()).unwrap_or_default();
    sandbox.log.add(LoggedRequest {
        request: request_id.clone(),
        method: method.to_owned(),
        path: path.to_owned(),
        query: request.query_string().to_owned(),
        status,
        idempotency_key: key.clone(),
        version: header("Stripe-Version").map(str::to_owned),
        fault: fault.map(ApiFault::name),
        form: body.clone(),
        answer: logged,
    });
    let Some(answer) = answer else { return faults::leave_unanswered(&request, fault).await };
    if let Some(recorder) = &sandbox.recorder
        && let Ok(recorded) = serde_json::from_slice(&answer.body)
    {
        recorder.add(&Exchange {
            method,
            path,
            query: request.query_string(),
            form: &String::from_utf8_lossy(&body),
            version: header("Stripe-Version"),
            client: header("User-Agent").unwrap_or_default(),
            status: answer.status,
            answer: recorded,
        });
    }
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header(("Request-Id", request_id));
    let version = header("Stripe-Version").unwrap_or(sandbox.protocol.version().name());
    response.insert_header(("Stripe-Version", version));
    if let Some(key) = key {
        response.insert_header(("Idempotency-Key", key));
        response.insert_header(("Original-Request", answer.original_request));
    }
    if answer.is_replay {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    if (400..500).contains(&answer.status) && answer.status != 409 {
        response.insert_header(("Stripe-Should-Retry", "false"));
    }
    insert_date(&mut response, sandbox.store.surroundings().clock.now());
    response.content_type("application/json").body(answer.body)
}

/// A body that is too large, or that did not arrive.
fn unreadable(error: &actix_web::Error) -> ApiError {
    let status = error.as_response_error().status_code().as_u16();
    let mut refusal = ApiError::invalid(format!("The request body could not be read: {error}."));
    refusal.status = status;
    refusal
}

/// The sandbox's time, not the wall's: clients that order what they read by `Date` see one clock.
fn insert_date(response: &mut HttpResponseBuilder, now: i64) {
    let since_epoch = std::time::Duration::from_secs(u64::try_from(now).unwrap_or(0));
    response
        .insert_header(("Date", HttpDate::from(std::time::UNIX_EPOCH + since_epoch).to_string()));
}

async fn answer(
    request: &HttpRequest,
    body: &[u8],
    sandbox: &Sandbox,
    request_id: &str,
    key: Option<String>,
    interruption: Option<u16>,
) -> Result<Answer, ApiError> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let secret = auth::check(header("Authorization"))?;
    sandbox.protocol.admit()?;
    if let Some(granted) = sandbox.protocol.permissions(&secret) {
        let (method, path) = (request.method().as_str(), request.path());
        permissions::check(&secret, &granted, method, path, &sandbox.account)?;
    }
    let version = header("Stripe-Version").map(Version::parse).transpose()?;
    let shape = version.unwrap_or_else(|| sandbox.protocol.version());
    let default = sandbox.protocol.version();
    let (operation, ids) = routes::find(request.method().as_str(), request.path())?;
    let mut tree = form::decode(request.query_string().as_bytes())?;
    form::merge(&mut tree, body)?;
    let fingerprint = idempotency::fingerprint(request.method().as_str(), request.path(), &tree);
    let expansions = expand::take(&mut tree)?;
    let named = named(&ids, &tree);
    let parsed = Request { ids, params: Params::new(tree), version };
    let run = move |tx: &mut Tx<'_>| {
        if let Some(status) = interruption {
            // Nothing is done that could stay, but the answer.
            let mut error = ApiError::of_status(status);
            error.keeps_changes = true;
            return Err(error);
        }
        follow(tx, &named)?;
        let mut body = operation.run(tx, parsed)?;
        tell_events(tx, default, &mut body)?;
        versions::downgrade(tx, shape, &mut body)?;
        expand::expand(tx, shape, &mut body, &expansions)?;
        Ok(body)
    };
    if operation.only_reads() {
        let body = sandbox.store.read(run)?;
        return Ok(fresh(200, body.to_string(), request_id));
    }
    let origin = Origin { request: Some(request_id.to_owned()), idempotency_key: key.clone() };
    let Some(key) = key else {
        let body = sandbox.store.write(origin, run).await?;
        return Ok(fresh(200, body.to_string(), request_id));
    };
    let _in_flight = sandbox.in_flight.enter(&key)?;
    let kept = Kept { key, fingerprint, request: request_id.to_owned() };
    sandbox.store.write(origin, move |tx| kept.run_once(tx, run)).await
}

/// Events are of the account's version, whatever the request's is.
fn tell_events(tx: &mut Tx<'_>, version: Version, body: &mut Value) -> Result<(), ApiError> {
    if body["object"] == "event" {
        return at_version(tx, version, body);
    }
    let elements = body.get_mut("data").and_then(Value::as_array_mut);
    elements
        .into_iter()
        .flatten()
        .filter(|element| element["object"] == "event")
        .try_for_each(|event| at_version(tx, version, event))
}

fn refused(error: &ApiError, sandbox: &Sandbox, request_id: &str) -> Answer {
    let mut body = error.body();
    let base = &sandbox.store.surroundings().public_url;
    body["error"]["request_log_url"] = format!("{base}/dashboard/requests/{request_id}").into();
    fresh(error.status, body.to_string(), request_id)
}

fn fresh(status: u16, body: impl Into<Bytes>, request_id: &str) -> Answer {
    Answer { status, body: body.into(), original_request: request_id.to_owned(), is_replay: false }
}

/// What an operation answers, or refuses.
type Outcome = Result<Value, ApiError>;

/// A decoded form.
type Tree = Map<String, Value>;
