//! One shape for every refusal: RFC 9457 problems, `application/problem+json`.
//!
//! A context API returns [`ApiResult`] and uses `?` on what a use case answers:
//!
//! ```text
//! #[oai(path = "/wallets/:id", method = "get")]
//! async fn wallet(&self, caller: Caller, app: Data<&App>, id: Path<Uuid>) -> ApiResult<Json<Wallet>> {
//!     let wallet = app.wallets.get(&caller.0, id.0.into()).await?;
//!     Ok(Json(wallet.into()))
//! }
//! ```
//!
//! Refuse with `Err`, never with an `Ok` that carries an error status: only an `Err` passes the one place that writes
//! problems (`errors.rs`), which adds the request id and logs the cause. The cause itself is never sent.

use std::{borrow::Cow, fmt};

use dermaga_domain::error::{Class, Code, Error, Fault};
use poem::{
    Response,
    error::ResponseError,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse, Object,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;

use super::codes::{EdgeCode, status_of};

/// The content type of every refusal.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What an operation answers.
pub type ApiResult<T> = Result<T, ApiError>;

/// What went wrong, as RFC 9457 says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Problem {
    /// Where this kind of problem is explained
    #[oai(rename = "type")]
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
    /// The kind of problem, in words that do not change
    pub title: String,
    /// The HTTP status
    pub status: u16,
    /// What happened this time
    pub detail: String,
    /// The kind of problem, for programs
    pub code: String,
    /// Leads to this request in the log
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What is wrong with the body, and where
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<ProblemFault>>,
    /// What a program needs besides the code, if there is anything; each code has its own
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<serde_json::Value>,
}

/// One thing that is wrong with the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct ProblemFault {
    /// JSON pointer (RFC 6901) into the body
    pub pointer: String,
    /// What is expected there
    pub detail: String,
}

impl From<&Fault> for ProblemFault {
    fn from(fault: &Fault) -> Self {
        Self { pointer: fault.pointer.clone(), detail: fault.detail.clone() }
    }
}

/// A refusal on its way out: the domain's, or the edge's own.
#[derive(Debug, Clone)]
pub enum ApiError {
    /// A rule refused, or something behind the rules failed.
    Domain(Error),
    /// The refusal that the same request got the first time.
    Replayed(Box<Problem>),
    /// The edge refused before or around the rules.
    Edge {
        /// Which refusal.
        code: EdgeCode,
        /// What happened this time.
        detail: Cow<'static, str>,
        /// Seconds until another attempt makes sense.
        retry_after: Option<u64>,
    },
}

impl ApiError {
    /// A refusal of the edge itself.
    pub fn edge(code: EdgeCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Edge { code, detail: detail.into(), retry_after: None }
    }

    /// The stable code on the wire.
    pub fn code(&self) -> &str {
        match self {
            Self::Domain(error) => error.code().as_str(),
            Self::Replayed(problem) => &problem.code,
            Self::Edge { code, .. } => code.as_str(),
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Domain(error) => status_of(error.code().class()),
            Self::Replayed(problem) => StatusCode::from_u16(problem.status).unwrap_or(StatusCode::CONFLICT),
            Self::Edge { code, .. } => code.status(),
        }
    }

    /// The body that tells it.
    pub fn problem(&self, request_id: Option<&str>) -> Problem {
        let (title, detail, faults) = match self {
            // A fault of the whole body has an empty pointer, which leaves a blank in front.
            Self::Domain(error) => (error.code().title(), error.detail().trim_start(), error.faults()),
            Self::Replayed(problem) => {
                return Problem { request_id: request_id.map(str::to_owned), ..(**problem).clone() };
            }
            Self::Edge { code, detail, .. } => (code.title(), detail.as_ref(), [].as_slice()),
        };
        Problem {
            type_: Some(format!("/problems#{}", self.code())),
            title: title.to_owned(),
            status: self.status().as_u16(),
            detail: detail.to_owned(),
            code: self.code().to_owned(),
            request_id: request_id.map(str::to_owned),
            errors: (!faults.is_empty()).then(|| faults.iter().map(ProblemFault::from).collect()),
            facts: match self {
                Self::Domain(error) => error.facts().cloned(),
                _ => None,
            },
        }
    }

    /// The whole answer, with the headers that belong to the status.
    pub fn response(&self, request_id: Option<&str>) -> Response {
        let status = self.status();
        let body = serde_json::to_vec(&self.problem(request_id)).expect("a problem holds only strings and a number");
        let mut response = Response::builder().status(status).content_type(PROBLEM_JSON).body(body);
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(self.challenge()));
        }
        response
    }

    /// Tells the log what the caller must not see. Called once per refusal, where it leaves.
    pub fn log(&self, request_id: &str) {
        let Self::Domain(error) = self else { return };
        let code = self.code();
        match error.code().class() {
            Class::Internal => tracing::error!(request_id, code, cause = error.cause(), "{}", error.detail()),
            Class::Unavailable => tracing::warn!(request_id, code, cause = error.cause(), "{}", error.detail()),
            _ => {}
        }
    }

    /// 429 and 503 always say when to come back, because a client without advice comes back at once.
    fn retry_after(&self) -> Option<u64> {
        let said = match self {
            Self::Domain(error) => error.retry_after_seconds(),
            Self::Replayed(_) => None,
            Self::Edge { retry_after, .. } => *retry_after,
        };
        said.or(match self.status() {
            StatusCode::TOO_MANY_REQUESTS => Some(1),
            StatusCode::SERVICE_UNAVAILABLE => Some(5),
            _ => None,
        })
    }

    /// RFC 6750: the reason is only named to someone who came with a token.
    fn challenge(&self) -> &'static str {
        match self {
            Self::Domain(error) if matches!(error.code(), Code::TokenInvalid | Code::TokenExpired) => {
                r#"Bearer error="invalid_token""#
            }
            _ => "Bearer",
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(error) => error.fmt(f),
            Self::Replayed(problem) => write!(f, "{}: {}", problem.code, problem.detail),
            Self::Edge { code, detail, .. } => write!(f, "{}: {detail}", code.as_str()),
        }
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn as_response(&self) -> Response {
        self.response(None)
    }
}

/// The statuses an operation may refuse with. `docs.rs` takes away what a single operation cannot answer.
const STATUSES: &[(u16, &str)] = &[
    (400, "The request cannot be read"),
    (401, "Not, or not correctly, authenticated"),
    (403, "Not allowed"),
    (404, "There is no such thing, or it is not yours to see"),
    (409, "The present state forbids it"),
    (413, "The body is too large"),
    (415, "The body is not application/json"),
    (422, "The content has faults; `errors` says where"),
    (429, "Too often; `Retry-After` says when to come back"),
    (500, "Something went wrong inside"),
    (503, "A part of the system is away; the same request may work later"),
    (504, "The answer took too long"),
];

impl ApiResponse for ApiError {
    fn meta() -> MetaResponses {
        let responses = STATUSES.iter().map(|&(status, description)| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType { content_type: PROBLEM_JSON, schema: Problem::schema_ref() }],
            headers: match status {
                401 => vec![header_meta("WWW-Authenticate", "What is expected", String::schema_ref())],
                429 | 503 => vec![header_meta("Retry-After", "Seconds to wait", u32::schema_ref())],
                _ => Vec::new(),
            },
        });
        MetaResponses { responses: responses.collect() }
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}

fn header_meta(name: &str, description: &str, schema: MetaSchemaRef) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: false,
        deprecated: false,
        schema,
    }
}
