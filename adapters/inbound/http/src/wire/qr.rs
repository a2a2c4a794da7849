//! A code as a QR.

use dermaga_domain::Error;
use poem::{IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse,
    payload::Payload,
    registry::{MetaSchema, MetaSchemaRef},
};
use qrcode::{EcLevel, QrCode, render::svg};

/// A body of `image/svg+xml`.
pub struct Svg(String);

impl Payload for Svg {
    const CONTENT_TYPE: &'static str = "image/svg+xml";

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")))
    }
}

impl IntoResponse for Svg {
    fn into_response(self) -> Response {
        // Whoever has the picture has the ticket.
        Response::builder()
            .content_type(Self::CONTENT_TYPE)
            .header(header::CACHE_CONTROL, "private, no-store")
            .header(header::CONTENT_SECURITY_POLICY, "default-src 'none'")
            .body(self.0)
    }
}

#[derive(ApiResponse)]
pub enum Picture {
    /// The QR
    #[oai(status = 200)]
    Drawn(Svg),
}

fn drawn(code: &str) -> Result<QrCode, Error> {
    // A folded paper or a scratched screen is read up to 15 % of damage.
    QrCode::with_error_correction_level(code, EcLevel::M).map_err(Error::internal)
}

/// The QR of a code.
pub fn picture(code: &str) -> Result<Picture, Error> {
    drawing(code).map(|drawing| Picture::Drawn(Svg(drawing)))
}

/// The same as a piece of a page.
pub fn drawing(code: &str) -> Result<String, Error> {
    Ok(drawn(code)?.render::<svg::Color>().min_dimensions(320, 320).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_alphanumeric_to_a_qr_and_so_the_picture_is_coarse() {
        let code = format!("DMG1{}", "MFRGG2LTMVWGYIDP7".repeat(14));
        let (dense, coarse) = (drawn(&code.to_lowercase()).expect("fits"), drawn(&code).expect("fits"));
        assert!(coarse.width() < dense.width(), "{} and {}", coarse.width(), dense.width());
    }
}
