//! JSON in and out: the payload that every operation takes and answers.
//!
//! poem-openapi's own `Json` names its content type with a charset, which splits generated clients from the rest of
//! the world, reads bodies without a limit, and stops at the first fault without saying where it is. This one is used
//! in its place, in the same way:
//!
//! ```text
//! async fn topup(&self, caller: Caller, app: Data<&App>, id: Path<Uuid>, body: Json<TopUp>) -> ApiResult<Json<Wallet>>
//! ```
//!
//! What a handler gets has the shape that the document promises; what the values mean is for the use case to judge,
//! whose faults carry the same JSON pointers.

use std::ops::Deref;

use dermaga_domain::error::Error;
use futures::TryStreamExt;
use poem::{Body, IntoResponse, Request, RequestBody, Response, Result, error::ReadBodyError};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions,
    error::ContentTypeError,
    impl_apirequest_for_payload,
    payload::{ParsePayload, Payload},
    registry::{MetaMediaType, MetaRequest, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::{ParseFromJSON, ToJSON, Type},
};
use serde_json::Value;

use super::{codes::EdgeCode, problem::ApiError, request::RequestContext, shape};

/// A body of `application/json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Type> Payload for Json<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let Some(("application", subtype)) = essence.split_once('/').map(|(kind, rest)| (lower(kind), rest)) else {
            return false;
        };
        subtype.eq_ignore_ascii_case("json")
            || subtype.len() > 5 && subtype.as_bytes()[subtype.len() - 5..].eq_ignore_ascii_case(b"+json")
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// `application` in any case, without building a string for it.
fn lower(kind: &str) -> &str {
    if kind.eq_ignore_ascii_case("application") { "application" } else { kind }
}

impl<T: ParseFromJSON + 'static> ParsePayload for Json<T> {
    const IS_REQUIRED: bool = T::IS_REQUIRED;

    async fn from_request(request: &Request, body: &mut RequestBody) -> Result<Self> {
        Self::of(&read(body.take()?, RequestContext::body_limit(request)).await?)
    }
}

impl<T: ParseFromJSON + 'static> Json<T> {
    fn of(bytes: &[u8]) -> Result<Self> {
        let mut value = parse(bytes)?;
        let faults = shape::faults::<T>(&mut value);
        if !faults.is_empty() {
            return Err(ApiError::from(Error::invalid(faults)).into());
        }
        match T::parse_from_json(Some(value)) {
            Ok(parsed) => Ok(Self(parsed)),
            // Only what a schema cannot say gets here: a validator of one's own, or a type with a syntax.
            Err(error) => Err(ApiError::from(Error::fault("", plain(error.message()))).into()),
        }
    }
}

impl_apirequest_for_payload!(Json<T>, T: ParseFromJSON + 'static);

/// The same of an operation that works without a body: none, an empty one of whatever type, or `null`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MaybeJson<T>(pub Option<T>);

impl<'a, T: ParseFromJSON + 'static> ApiExtractor<'a> for MaybeJson<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: Json::<T>::CONTENT_TYPE, schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: false })
    }

    async fn from_request(request: &'a Request, body: &mut RequestBody, _: ExtractParamOptions<()>) -> Result<Self> {
        let bytes = read(body.take()?, RequestContext::body_limit(request)).await?;
        match request.content_type() {
            _ if bytes.is_empty() => Ok(Self(None)),
            Some(content_type) if Json::<T>::check_content_type(content_type) => {
                Ok(Self(Json::<Option<T>>::of(&bytes)?.0))
            }
            Some(content_type) => Err(ContentTypeError::NotSupported { content_type: content_type.to_owned() }.into()),
            None => Err(ContentTypeError::ExpectContentType.into()),
        }
    }
}

/// Up to so many times the limit, a body that is too large is read to its end and thrown away. A caller who is hung up
/// on in the middle of a body sees a broken connection and never the refusal.
const PATIENCE: usize = 8;

/// Reads a body up to a limit, whether or not its length was announced.
pub async fn read(body: Body, limit: usize) -> Result<Vec<u8>> {
    let mut stream = body.into_bytes_stream();
    let mut bytes = Vec::new();
    let mut length = 0;
    while let Some(chunk) = stream.try_next().await.map_err(ReadBodyError::Io)? {
        length += chunk.len();
        if length <= limit {
            bytes.extend_from_slice(&chunk);
        } else if length > limit.saturating_mul(PATIENCE) {
            break;
        }
    }
    if length > limit {
        let detail = format!("The body is larger than the {limit} bytes that are read.");
        return Err(ApiError::edge(EdgeCode::BodyTooLarge, detail).into());
    }
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(bytes).map_err(|error| match number_too_large(bytes, &error) {
        Some(pointer) => ApiError::from(Error::fault(&pointer, "is a number too large to be kept exactly")),
        None if bytes.is_empty() => ApiError::edge(EdgeCode::MalformedJson, "The body is empty; JSON is expected."),
        None => {
            let detail = format!("The body stops being JSON at line {}, column {}.", error.line(), error.column());
            ApiError::edge(EdgeCode::MalformedJson, detail)
        }
    })
}

/// `1e400` is JSON, though no number of ours. Parsed a second time, with a trail, to say where it stands.
fn number_too_large(bytes: &[u8], error: &serde_json::Error) -> Option<String> {
    use serde_path_to_error::Segment;

    // serde_json has no kind for it: the text is what distinguishes it, and a test holds on to that.
    if !error.to_string().starts_with("number out of range") {
        return None;
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let error = serde_path_to_error::deserialize::<_, Value>(&mut reader).err()?;
    let mut pointer = String::new();
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => shape::push(&mut pointer, &index.to_string()),
            Segment::Map { key } => shape::push(&mut pointer, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    Some(pointer)
}

/// poem-openapi words its errors for Rust; the names of types mean nothing to a caller.
pub fn plain(message: &str) -> &str {
    let message = match message.strip_prefix("failed to parse \"").and_then(|rest| rest.split_once("\": ")) {
        Some((_, reason)) => reason,
        None => message,
    };
    message.split(" (occurred while parsing").next().unwrap_or(message)
}

impl<T: ToJSON> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let value = self.0.to_json().unwrap_or(Value::Null);
        let body = serde_json::to_vec(&value).expect("a JSON value has a text");
        Response::builder().content_type(Self::CONTENT_TYPE).body(body)
    }
}

impl<T: ToJSON> ApiResponse for Json<T> {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "Done",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType { content_type: Self::CONTENT_TYPE, schema: Self::schema_ref() }],
                headers: Vec::new(),
            }],
        }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_taken_under_all_its_names() {
        for good in ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/ld+json"] {
            assert!(Json::<u32>::check_content_type(good), "{good}");
        }
        for bad in ["text/json", "application/jsonp", "application/x-www-form-urlencoded", "", "+json", "text/+json"] {
            assert!(!Json::<u32>::check_content_type(bad), "{bad}");
        }
    }

    #[test]
    fn a_number_beyond_every_type_is_named_by_its_place() {
        let error = parse(br#"{"lines":[{"amount":1},{"amount":-1e400}]}"#).expect_err("out of range");
        assert_eq!(error.code(), "invalid");
        assert_eq!(error.problem(None).errors.expect("a fault")[0].pointer, "/lines/1/amount");
    }

    #[test]
    fn what_is_not_json_is_named_by_line_and_column_and_not_echoed() {
        let error = parse(b"{\n  \"password\": hunter2}").expect_err("malformed");
        assert_eq!(error.code(), "malformed_json");
        let detail = error.problem(None).detail;
        assert!(detail.contains("line 2, column 15"), "{detail}");
        assert!(!detail.contains("hunter2"));
    }
}
