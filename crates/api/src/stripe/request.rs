//! A call to Stripe as data: it can be printed, compared and hashed without being sent.

use std::{borrow::Cow, fmt, marker::PhantomData};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{form::Params, object::List};

/// The HTTP methods of Stripe's v1 API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, changes, acts.
    Post,
    /// Deletes or cancels.
    Delete,
}

impl Method {
    /// As it stands in the request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A call whose answer is a `T`.
pub struct Request<T> {
    method: Method,
    /// Below `/v1`; ids are taken from elsewhere and are encoded when the URL is made.
    segments: Vec<Cow<'static, str>>,
    params: Params,
    expand: Vec<Cow<'static, str>>,
    idempotency_key: Option<String>,
    answer: PhantomData<fn() -> T>,
}

impl<T> Request<T> {
    /// `GET /v1/{segments}`.
    pub fn get<S: Into<Cow<'static, str>>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self::new(Method::Get, segments)
    }

    /// `POST /v1/{segments}`. It is tried once only, until it has an idempotency key.
    pub fn post<S: Into<Cow<'static, str>>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self::new(Method::Post, segments)
    }

    /// `DELETE /v1/{segments}`.
    pub fn delete<S: Into<Cow<'static, str>>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self::new(Method::Delete, segments)
    }

    fn new<S: Into<Cow<'static, str>>>(
        method: Method,
        segments: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            method,
            segments: segments.into_iter().map(Into::into).collect(),
            params: Params::new(),
            expand: Vec::new(),
            idempotency_key: None,
            answer: PhantomData,
        }
    }

    /// Sets the parameters: the body of a POST, the query of anything else.
    #[must_use]
    pub fn params(mut self, params: Params) -> Self {
        self.params = params;
        self
    }

    /// Asks for a reference to be answered as the whole object, such as `items.data.price.product`.
    /// Source: <https://docs.stripe.com/api/expanding_objects>.
    #[must_use]
    pub fn expand(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.expand.push(path.into());
        self
    }

    /// Makes every try of this call, and of any later call with this key in 24 hours, happen once.
    /// The same key with other parameters is refused by Stripe, so put [`Self::fingerprint`] into it.
    /// Source: <https://docs.stripe.com/api/idempotent_requests>.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Makes the tries of this one call happen once, without meeting any other call.
    #[must_use]
    pub fn fresh_idempotency_key(self) -> Self {
        self.idempotency_key(Uuid::new_v4().to_string())
    }

    /// A short hash of everything but the key: equal for equal calls, 16 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for part in [self.method.as_str(), &self.segments.join("/"), &self.form()] {
            hash.update(part);
            hash.update([0]);
        }
        hex::encode(&hash.finalize()[..8])
    }

    /// The HTTP method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The path below `/v1`, segment by segment, not encoded.
    pub fn segments(&self) -> &[Cow<'static, str>] {
        &self.segments
    }

    /// The idempotency key, when it has one.
    pub fn key(&self) -> Option<&str> {
        self.idempotency_key.as_deref()
    }

    /// The parameters as they go on the wire.
    pub fn form(&self) -> String {
        let expand: Vec<&str> = self.expand.iter().map(AsRef::as_ref).collect();
        self.params.clone().with_any("expand", expand).encode()
    }

    /// Whether sending it twice does no more than sending it once.
    pub fn is_repeatable(&self) -> bool {
        self.method != Method::Post || self.idempotency_key.is_some()
    }
}

impl<T> Request<List<T>> {
    /// The page that follows the object `id`.
    #[must_use]
    pub(super) fn starting_after(mut self, id: &str) -> Self {
        self.params.remove("starting_after");
        self.params.push("starting_after", id);
        self
    }
}

impl<T> Clone for Request<T> {
    fn clone(&self) -> Self {
        Self {
            method: self.method,
            segments: self.segments.clone(),
            params: self.params.clone(),
            expand: self.expand.clone(),
            idempotency_key: self.idempotency_key.clone(),
            answer: PhantomData,
        }
    }
}

/// `POST /v1/prices currency=usd`: without the idempotency key, which differs from run to run.
impl<T> fmt::Display for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} /v1/{}", self.method.as_str(), self.segments.join("/"))?;
        match self.form() {
            form if form.is_empty() => Ok(()),
            form => write!(f, " {form}"),
        }
    }
}

impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(email: &str) -> Request<()> {
        Request::post(["customers"]).params(Params::new().with("email", email))
    }

    #[test]
    fn a_post_is_repeatable_only_with_a_key() {
        assert!(!create("a@b.c").is_repeatable());
        assert!(create("a@b.c").fresh_idempotency_key().is_repeatable());
        assert!(Request::<()>::get(["customers"]).is_repeatable());
        assert!(Request::<()>::delete(["subscriptions", "sub_1"]).is_repeatable());
    }

    #[test]
    fn the_fingerprint_follows_the_parameters_and_not_the_key() {
        let one = create("a@b.c").fingerprint();
        assert_eq!(one, create("a@b.c").fresh_idempotency_key().fingerprint());
        assert_ne!(one, create("b@b.c").fingerprint());
        assert_ne!(one, create("a@b.c").expand("tax").fingerprint());
        assert_eq!(one.len(), 16);
    }

    #[test]
    fn it_prints_as_a_line() {
        assert_eq!(
            create("a@b.c").expand("tax").to_string(),
            "POST /v1/customers email=a%40b.c&expand[0]=tax"
        );
    }
}
