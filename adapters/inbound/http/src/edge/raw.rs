//! A body as it came, for operations whose sender signs the very bytes.

use poem::{Request, RequestBody, Result};
use poem_openapi::{
    impl_apirequest_for_payload,
    payload::{ParsePayload, Payload},
    registry::{MetaSchema, MetaSchemaRef, Registry},
};

use super::json::{Json, read};

/// The most bytes of such a body.
const LIMIT: usize = 64 * 1_024;

/// A body of `application/json`, unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw(pub Vec<u8>);

impl Payload for Raw {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        Json::<u32>::check_content_type(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new("object")))
    }

    fn register(_: &mut Registry) {}
}

impl ParsePayload for Raw {
    const IS_REQUIRED: bool = true;

    async fn from_request(_: &Request, body: &mut RequestBody) -> Result<Self> {
        Ok(Self(read(body.take()?, LIMIT).await?))
    }
}

impl_apirequest_for_payload!(Raw);
