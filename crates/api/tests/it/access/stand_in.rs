//! A Stripe whose every answer a test decides, for orders of things that the sandbox never brings about by itself.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{DATE, HttpDate},
    web,
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::harness::serve;

#[derive(Clone)]
pub struct StandIn {
    pub base: String,
    state: Arc<State>,
}

struct State {
    offset: Arc<AtomicI64>,
    subscriptions: Mutex<HashMap<String, Value>>,
    customers: Mutex<HashMap<String, Value>>,
    /// Everything else, by the name of its list.
    objects: Mutex<HashMap<&'static str, Vec<Value>>>,
    requests: Mutex<Vec<String>>,
    /// Bodies of the requests that write.
    bodies: Mutex<Vec<String>>,
    /// The status of every answer, while Stripe is down.
    outage: Mutex<Option<u16>>,
    /// The status of the next answer under a path.
    failing: Mutex<HashMap<String, u16>>,
    held: Mutex<bool>,
    /// A permit for each request that is held, and one for each that may go on.
    arrived: Semaphore,
    released: Semaphore,
}

impl StandIn {
    pub fn start(offset: Arc<AtomicI64>) -> Self {
        let state = Arc::new(State {
            offset,
            subscriptions: Mutex::default(),
            customers: Mutex::default(),
            objects: Mutex::default(),
            requests: Mutex::default(),
            bodies: Mutex::default(),
            outage: Mutex::default(),
            failing: Mutex::default(),
            held: Mutex::default(),
            arrived: Semaphore::new(0),
            released: Semaphore::new(0),
        });
        let data = web::Data::from(Arc::clone(&state));
        let base = serve(move |config| {
            config.app_data(data.clone()).default_service(web::to(answer));
        });
        Self { base, state }
    }

    /// What Stripe says of a subscription from now on.
    pub fn put(&self, subscription: &Value) {
        let id = subscription["id"].as_str().unwrap().to_owned();
        self.state.subscriptions.lock().unwrap().insert(id, subscription.clone());
    }

    pub fn forget(&self, subscription_id: &str) {
        self.state.subscriptions.lock().unwrap().remove(subscription_id);
    }

    pub fn put_customer(&self, customer: &Value) {
        let id = customer["id"].as_str().unwrap().to_owned();
        self.state.customers.lock().unwrap().insert(id, customer.clone());
    }

    /// A customer that Stripe does not know.
    pub fn forget_customer(&self, id: &str) {
        self.state.customers.lock().unwrap().insert(id.to_owned(), Value::Null);
    }

    pub fn put_invoice(&self, invoice: Value) {
        self.put_in("invoices", invoice);
    }

    /// What Stripe says of an object of a list from now on.
    pub fn put_in(&self, list: &'static str, object: Value) {
        let mut objects = self.state.objects.lock().unwrap();
        let objects = objects.entry(list).or_default();
        objects.retain(|known| known["id"] != object["id"]);
        objects.push(object);
    }

    /// `GET /v1/…`, in the order they came.
    pub fn requests(&self) -> Vec<String> {
        self.state.requests.lock().unwrap().clone()
    }

    /// Bodies of the requests that write, in the order they came.
    pub fn bodies(&self) -> Vec<String> {
        self.state.bodies.lock().unwrap().clone()
    }

    pub fn fail_with(&self, status: Option<u16>) {
        *self.state.outage.lock().unwrap() = status;
    }

    /// The next answer under this path alone.
    pub fn fail_once(&self, path: &str, status: u16) {
        self.state.failing.lock().unwrap().insert(path.to_owned(), status);
    }

    /// The answer to the next request for a subscription is made, but held back.
    pub fn hold(&self) {
        *self.state.held.lock().unwrap() = true;
    }

    /// Waits until a request is held.
    pub async fn arrived(&self) {
        self.state.arrived.acquire().await.unwrap().forget();
    }

    pub fn release(&self) {
        self.state.released.add_permits(1);
    }
}

async fn answer(request: HttpRequest, body: String, state: web::Data<State>) -> HttpResponse {
    let path = request.path().to_owned();
    if request.method() != "GET" {
        state.bodies.lock().unwrap().push(body);
    }
    state.requests.lock().unwrap().push(format!("{} {path}", request.method()));
    let query: HashMap<String, String> =
        url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    let outage = *state.outage.lock().unwrap();
    let outage = outage.or_else(|| state.failing.lock().unwrap().remove(&path));
    let (status, body) = match outage {
        Some(status) => (status, json!({ "error": { "type": "api_error", "message": "down" } })),
        None => find(&state, &path, &query),
    };
    // The answer is dated when it is made, as Stripe's is.
    let since_wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed();
    let now = (since_wall + state.offset.load(Ordering::SeqCst)).cast_unsigned();
    let date = HttpDate::from(UNIX_EPOCH + Duration::from_secs(now)).to_string();
    let held =
        path.starts_with("/v1/subscriptions/") && std::mem::take(&mut *state.held.lock().unwrap());
    if held {
        state.arrived.add_permits(1);
        state.released.acquire().await.unwrap().forget();
    }
    HttpResponse::build(status.try_into().unwrap()).insert_header((DATE, date)).json(body)
}

fn find(state: &State, path: &str, query: &HashMap<String, String>) -> (u16, Value) {
    let segments: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
    match segments[..] {
        ["subscriptions", id] => found(state.subscriptions.lock().unwrap().get(id).cloned()),
        ["customers", id] => {
            let known = state.customers.lock().unwrap().get(id).cloned();
            match known {
                Some(Value::Null) => found(None),
                Some(customer) => (200, customer),
                None => {
                    (200, json!({ "id": id, "object": "customer", "email": "pays@example.com" }))
                }
            }
        }
        ["subscriptions"] => {
            let all = state.subscriptions.lock().unwrap().values().cloned().collect();
            (200, page(all, &["customer"], query))
        }
        [list] => {
            let objects = state.objects.lock().unwrap().get(list).cloned().unwrap_or_default();
            let filters =
                ["customer", "subscription", "status", "charge", "payment[payment_intent]"];
            (200, page(objects, &filters, query))
        }
        [list, id] => {
            let objects = state.objects.lock().unwrap();
            let known = objects.get(list).and_then(|all| all.iter().find(|one| one["id"] == *id));
            found(known.cloned())
        }
        _ => found(None),
    }
}

fn found(object: Option<Value>) -> (u16, Value) {
    let missing = json!({ "error": { "type": "invalid_request_error", "code": "resource_missing", "param": "id",
        "message": "No such object" } });
    object.map_or((404, missing), |object| (200, object))
}

/// A page of a list, newest first.
fn page(mut all: Vec<Value>, filters: &[&str], query: &HashMap<String, String>) -> Value {
    all.retain(|object| {
        filters.iter().all(|key| {
            let is = match key.split_once('[') {
                Some((outer, inner)) => &object[outer][inner.trim_end_matches(']')],
                None => &object[*key],
            };
            query.get(*key).is_none_or(|value| *is == *value)
        })
    });
    if let Some(from) = query.get("created[gte]").and_then(|from| from.parse::<i64>().ok()) {
        all.retain(|object| object["created"].as_i64() >= Some(from));
    }
    let order =
        |object: &Value| (object["created"].as_i64(), object["id"].as_str().map(str::to_owned));
    all.sort_by_key(|object| std::cmp::Reverse(order(object)));
    let start = match query.get("starting_after") {
        Some(id) => all.iter().position(|object| object["id"] == *id).unwrap() + 1,
        None => 0,
    };
    let limit = query.get("limit").map_or(10, |limit| limit.parse().unwrap());
    let data: Vec<_> = all[start..].iter().take(limit).cloned().collect();
    let has_more = start + data.len() < all.len();
    json!({ "object": "list", "data": data, "has_more": has_more, "url": "/v1/list" })
}
