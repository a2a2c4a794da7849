//! Lists as CSV, for whoever sends `Accept: text/csv`: the whole list, streamed page by page.

use poem::{Body, IntoResponse, Response, http::HeaderMap};
use poem_openapi::{
    payload::Payload,
    registry::{MetaSchema, MetaSchemaRef},
};

/// A body of `text/csv`.
pub struct Csv(pub Body);

impl Payload for Csv {
    const CONTENT_TYPE: &'static str = "text/csv";

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")))
    }
}

impl IntoResponse for Csv {
    fn into_response(self) -> Response {
        Response::builder().content_type("text/csv; charset=utf-8").body(self.0)
    }
}

/// Whether the caller prefers CSV.
pub fn wants_csv(headers: &HeaderMap) -> bool {
    let accept = headers.get("accept").and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "text/csv"))
}

/// Rows on their way to becoming text.
pub struct CsvRows(csv::Writer<Vec<u8>>);

impl Default for CsvRows {
    fn default() -> Self {
        Self(csv::Writer::from_writer(Vec::new()))
    }
}

impl CsvRows {
    /// Adds a row.
    pub fn row<const N: usize>(&mut self, fields: [&str; N]) {
        self.0.write_record(fields).expect("a row of the same length, written to memory");
    }

    /// The rows as text.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_inner().expect("writing to memory does not fail")
    }
}
