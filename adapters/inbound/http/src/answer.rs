//! The answers of operations that create or pay, and the idempotency around them.

use std::future::Future;

use dermaga_domain::{Class, Code, Error, Result, idempotency::Attempt};
use dermaga_ports::auth::Principal;
use poem_openapi::{
    ApiResponse,
    types::{ParseFromJSON, ToJSON, Type},
};
use uuid::Uuid;

use crate::{
    deps::Deps,
    edge::{ApiError, ApiResult, Json, Problem},
};

/// The answer of an operation that makes something.
#[derive(ApiResponse)]
pub enum Created<T: Type + ParseFromJSON + ToJSON + 'static> {
    /// Made
    #[oai(status = 201)]
    Created(
        Json<T>,
        /// `true` if this is the first answer again
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

/// The answer of an operation that does something at once.
#[derive(ApiResponse)]
pub enum Done<T: Type + ParseFromJSON + ToJSON + 'static> {
    /// Done
    #[oai(status = 200)]
    Done(
        Json<T>,
        /// `true` if this is the first answer again
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

/// The answer of an operation that may take longer than the request.
#[derive(ApiResponse)]
pub enum Taken<T: Type + ParseFromJSON + ToJSON + 'static> {
    /// Done
    #[oai(status = 200)]
    Done(
        Json<T>,
        /// `true` if this is the first answer again
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
    /// Under way; ask for the transaction
    #[oai(status = 202)]
    Accepted(
        Json<T>,
        /// `true` if this is the first answer again
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

impl<T: Type + ParseFromJSON + ToJSON + 'static> From<Once<T>> for Created<T> {
    fn from(once: Once<T>) -> Self {
        Self::Created(Json(once.body), once.replayed)
    }
}

impl<T: Type + ParseFromJSON + ToJSON + 'static> From<Once<T>> for Done<T> {
    fn from(once: Once<T>) -> Self {
        Self::Done(Json(once.body), once.replayed)
    }
}

/// The answer to a request that has been done once.
pub struct Once<T> {
    pub body: T,
    /// `Some(true)` if the request had been answered before; the header is left out otherwise.
    pub replayed: Option<bool>,
}

/// A request that must not happen twice.
pub struct Request<'a> {
    pub deps: &'a Deps,
    pub caller: Option<&'a Principal>,
    /// The operation's name; the same key may be used for different operations.
    pub operation: &'static str,
    /// The header `Idempotency-Key`.
    pub key: Option<String>,
    /// What the request says; a repetition must say the same. Nobody looks at it without a key.
    pub content: String,
}

/// The content of a request. Only a key asks for it to be kept, and writing a thousand transfers out again is not free.
pub fn content(key: &Option<String>, body: &impl ToJSON) -> String {
    if key.is_some() { body.to_json_string() } else { String::new() }
}

impl Request<'_> {
    /// Does the work, or answers what it answered the first time. `work` gets the id for the record it makes.
    ///
    /// A refusal is kept like a success: a late duplicate of a payment that was refused must not succeed because money
    /// has come in since. A failure of the system is not kept: the next attempt runs again.
    ///
    /// # Errors
    /// The refusals of the work, and those of [`dermaga_domain::idempotency::Idempotency::claim`].
    pub async fn once<T, F, W>(self, work: W) -> ApiResult<Once<T>>
    where
        T: ParseFromJSON + ToJSON,
        F: Future<Output = Result<T>>,
        W: FnOnce(Uuid) -> F,
    {
        let keys = &self.deps.app.idempotency;
        let Some(key) = &self.key else {
            let body = work(keys.fresh()).await?;
            return Ok(Once { body, replayed: None });
        };
        let scope = keys.scope(self.caller, self.operation, key)?;
        let claim = match keys.claim(&scope, &self.content).await? {
            Attempt::Run(claim) => claim,
            Attempt::Replay { status, body } => return replay(status, &body),
        };
        let result = work(claim.seed()).await;
        let kept = match &result {
            Ok(body) => claim.answer(200, body.to_json_string()).await,
            Err(error) if is_final(error) => {
                let refusal = ApiError::from(error.clone());
                let body = refusal.problem(None).to_json_string();
                claim.answer(refusal.status().as_u16(), body).await
            }
            Err(_) => claim.release().await,
        };
        if let Err(error) = kept {
            // The work is done and its record carries the seed: whoever repeats the request finds it.
            tracing::warn!(%error, operation = self.operation, "the answer could not be kept for repetitions; next try soon");
        }
        Ok(Once { body: result?, replayed: None })
    }
}

/// Whether a refusal says something about the request, and not about the state of the system.
fn is_final(error: &Error) -> bool {
    match error.code().class() {
        // The caller is told to repeat, so the repetition must be able to end otherwise.
        Class::Conflict if error.code() == Code::ConcurrentChange => false,
        Class::Forbidden | Class::NotFound | Class::Conflict | Class::Invalid => true,
        Class::Unauthenticated | Class::Throttled | Class::Upstream | Class::Unavailable | Class::Internal => false,
    }
}

fn replay<T: ParseFromJSON>(status: u16, body: &str) -> ApiResult<Once<T>> {
    if status >= 400 {
        let problem = Problem::parse_from_json_string(body).map_err(|error| Error::internal(error.into_message()))?;
        return Err(ApiError::Replayed(Box::new(problem)));
    }
    let body = T::parse_from_json_string(body).map_err(|error| Error::internal(error.into_message()))?;
    Ok(Once { body, replayed: Some(true) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_something_about_the_request_is_kept() {
        let kept = |code| is_final(&Error::new(code, ""));
        assert!(
            [Code::InsufficientFunds, Code::Invalid, Code::WalletNotFound, Code::PermissionDenied].map(kept)
                == [true; 4]
        );
        assert!(
            [Code::ConcurrentChange, Code::StoreBusy, Code::StoreUnavailable, Code::Internal].map(kept) == [false; 4]
        );
    }
}
