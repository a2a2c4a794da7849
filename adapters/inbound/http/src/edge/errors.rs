//! The one place where failures become problems.
//!
//! Handlers, extractors, routing and the middlewares below all fail with a `poem::Error`, and each has its own idea of
//! an answer, mostly a line of text. [`ProblemEdge`] stands around all of them, sees every `Err` and every panic, and
//! answers `application/problem+json` with a code of the table in `codes.rs`. Nothing a caller could not have known is
//! in it; what the operator needs goes to the log, under the same request id.

use std::{any::Any, panic::AssertUnwindSafe, pin::pin, sync::Arc};

use dermaga_domain::error::{Code, Error};
use futures::FutureExt;
use poem::{
    Endpoint, IntoResponse, PathPattern, Request, Response, Result,
    error::{CorsError, MethodNotAllowedError, NotFoundError, ReadBodyError},
    http::{Method, StatusCode, Uri, header},
};
use poem_openapi::error::{
    AuthorizationError, ContentTypeError, ParseMultipartError, ParseParamError, ParsePathError,
    ParseRequestPayloadError,
};

use super::{
    codes::EdgeCode,
    json::plain,
    paths::Paths,
    problem::ApiError,
    request::{RequestContext, RequestId},
};

/// An endpoint that never fails: every failure of what it wraps is answered as a problem.
pub struct ProblemEdge<E> {
    inner: E,
    paths: Arc<Paths>,
}

impl<E> ProblemEdge<E> {
    /// Wraps `inner`; `paths` tells what a 405 allows and what a parameter must be.
    pub fn new(inner: E, paths: Arc<Paths>) -> Self {
        Self { inner, paths }
    }
}

impl<E: Endpoint> Endpoint for ProblemEdge<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let asked = Asked::of(&request);
        let inner = pin!(self.inner.call(request));
        let outcome = AssertUnwindSafe(inner).catch_unwind().await;
        Ok(match outcome {
            Ok(Ok(answer)) => answer.into_response(),
            Ok(Err(error)) => answer(error, &asked, &self.paths),
            Err(panic) => refuse(&ApiError::from(Error::internal(said(&*panic))), &asked, &self.paths),
        })
    }
}

/// What is still needed of a request once it was given away.
pub(super) struct Asked {
    pub id: RequestId,
    pub method: Method,
    pub uri: Uri,
    authorization: bool,
}

impl Asked {
    pub(super) fn of(request: &Request) -> Self {
        Self {
            id: match request.data::<RequestContext>() {
                Some(context) => context.id.clone(),
                None => RequestId::of(request.headers()),
            },
            method: request.method().clone(),
            uri: request.uri().clone(),
            authorization: request.headers().contains_key(header::AUTHORIZATION),
        }
    }
}

/// The answer to a failure.
pub(super) fn answer(error: poem::Error, asked: &Asked, paths: &Paths) -> Response {
    // A redirect thrown as an error is an answer already.
    if error.is_from_response() {
        return error.into_response();
    }
    let pattern = error.data::<PathPattern>().cloned();
    let mut response = match error.downcast_ref::<ApiError>() {
        Some(refusal) => refuse(refusal, asked, paths),
        None => refuse(&named(&error, asked, paths), asked, paths),
    };
    if let Some(pattern) = pattern {
        response.set_data(pattern);
    }
    response
}

fn refuse(refusal: &ApiError, asked: &Asked, paths: &Paths) -> Response {
    refusal.log(asked.id.as_str());
    let mut response = refusal.response(Some(asked.id.as_str()));
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, paths.allow(asked.uri.path()));
    }
    response
}

/// Which refusal an error of poem or poem-openapi is.
fn named(error: &poem::Error, asked: &Asked, paths: &Paths) -> ApiError {
    if error.is::<NotFoundError>() {
        return ApiError::edge(EdgeCode::RouteUnknown, "No route has this path; /docs lists all of them.");
    }
    if error.is::<MethodNotAllowedError>() {
        let allow = paths.allow(asked.uri.path());
        let allowed = allow.to_str().unwrap_or_default();
        return ApiError::edge(EdgeCode::MethodNotAllowed, format!("This path takes {allowed}; /docs says what for."));
    }
    if error.is::<ParsePathError>() || error.is::<poem::error::ParsePathError>() {
        return ApiError::edge(EdgeCode::PathIdInvalid, "The path holds something that is no id, so nothing is there.");
    }
    if let Some(error) = error.downcast_ref::<ParseParamError>() {
        let detail = format!("{} {}", error.name, parameter(error, asked, paths));
        return ApiError::edge(EdgeCode::BadParameter, detail);
    }
    if error.is::<AuthorizationError>() {
        return unauthenticated(asked).into();
    }
    if let Some(error) = error.downcast_ref::<ContentTypeError>() {
        let detail = match error {
            ContentTypeError::ExpectContentType => "The request does not say what its body is: send Content-Type.",
            ContentTypeError::NotSupported { .. } => "The body has a Content-Type that is not taken here; see /docs.",
        };
        return ApiError::edge(EdgeCode::UnsupportedMediaType, detail);
    }
    if let Some(error) = error.downcast_ref::<ReadBodyError>() {
        return match error {
            ReadBodyError::PayloadTooLarge => ApiError::edge(EdgeCode::BodyTooLarge, "The body is too large."),
            ReadBodyError::BodyHasBeenTaken => Error::internal(error).into(),
            ReadBodyError::Utf8(_) => ApiError::edge(EdgeCode::BodyUnreadable, "The body is not UTF-8."),
            ReadBodyError::Io(_) => ApiError::edge(EdgeCode::BodyUnreadable, "The body broke off."),
        };
    }
    if let Some(ParseRequestPayloadError { reason }) = error.downcast_ref() {
        return ApiError::edge(EdgeCode::BodyUnreadable, plain(reason).to_owned());
    }
    if let Some(ParseMultipartError { reason }) = error.downcast_ref() {
        return ApiError::edge(EdgeCode::BodyUnreadable, plain(reason).to_owned());
    }
    if error.is::<CorsError>() {
        let detail = "This method or these headers may not be used from another site.";
        return ApiError::edge(EdgeCode::PreflightRefused, detail);
    }
    by_status(error)
}

/// What remains: an extractor of poem itself, or an error that only has a status.
fn by_status(error: &poem::Error) -> ApiError {
    let code = match error.status() {
        StatusCode::NOT_FOUND => EdgeCode::RouteUnknown,
        StatusCode::METHOD_NOT_ALLOWED => EdgeCode::MethodNotAllowed,
        StatusCode::NOT_ACCEPTABLE => EdgeCode::NotAcceptable,
        StatusCode::PAYLOAD_TOO_LARGE => EdgeCode::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => EdgeCode::UnsupportedMediaType,
        StatusCode::UNAUTHORIZED => return Error::new(Code::TokenMissing, Code::TokenMissing.title()).into(),
        StatusCode::FORBIDDEN => return Error::new(Code::PermissionDenied, Code::PermissionDenied.title()).into(),
        StatusCode::GATEWAY_TIMEOUT => EdgeCode::Timeout,
        status if status.is_client_error() => EdgeCode::BadRequest,
        _ => return Error::internal(error).into(),
    };
    ApiError::edge(code, code.title())
}

fn unauthenticated(asked: &Asked) -> Error {
    if asked.authorization {
        Error::new(Code::TokenInvalid, "The Authorization header is not `Bearer` and a token.")
    } else {
        Error::new(Code::TokenMissing, "Send an access token: `Authorization: Bearer ...`.")
    }
}

/// What is wrong with a parameter; poem-openapi would say it with the name of a Rust type.
fn parameter(error: &ParseParamError, asked: &Asked, paths: &Paths) -> String {
    if error.reason.ends_with("expects an input value.") {
        return "is required".into();
    }
    let expected = paths.expectation(asked.uri.path(), &asked.method, error.name);
    expected.unwrap_or_else(|| format!("is not valid: {}", plain(&error.reason)))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panic: {}", text.unwrap_or("without a text"))
}
