//! `/payments/{id}/proof`: what payers show for manual transfers.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use dermaga_domain::{Error, payments::NewProof};
use dermaga_ports::payments::Proof;
use poem::web::Data;
use poem_openapi::{Object, OpenApi, param::Path};
use uuid::Uuid;

use super::wire::PaymentBody;
use crate::{
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::Moment,
};

/// `/payments/{id}/proof`
pub struct ProofsApi;

/// What a payer shows to prove a manual transfer.
#[derive(Debug, Clone, Object)]
#[oai(rename = "PaymentProof", skip_serializing_if_is_none)]
struct ProofBody {
    /// Where the money came from
    #[oai(validator(max_length = 50))]
    bank: Option<String>,
    #[oai(validator(max_length = 100))]
    sender_name: Option<String>,
    /// In the currency's smallest unit
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    amount: Option<i64>,
    transferred_at: Option<Moment>,
    #[oai(validator(max_length = 500))]
    note: Option<String>,
    /// A PNG, JPEG or WebP picture of at most 512 KiB, in base64
    image: Option<String>,
    /// Said by the server
    #[oai(read_only)]
    image_type: Option<String>,
    /// Said by the server
    #[oai(read_only)]
    shown_at: Option<Moment>,
}

impl ProofBody {
    fn read(self) -> Result<NewProof, Error> {
        let picture = match &self.image {
            Some(text) => {
                let decoded = BASE64_STANDARD.decode(text.trim());
                Some(decoded.map_err(|_| Error::fault("/image", "must be base64"))?)
            }
            None => None,
        };
        Ok(NewProof {
            bank: self.bank,
            sender: self.sender_name,
            amount: self.amount,
            transferred_at: self.transferred_at.map(|at| at.0),
            note: self.note,
            picture,
        })
    }
}

impl From<Proof> for ProofBody {
    fn from(proof: Proof) -> Self {
        let (image_type, image) = match proof.picture {
            Some(picture) => (Some(picture.media_type.to_owned()), Some(BASE64_STANDARD.encode(picture.bytes))),
            None => (None, None),
        };
        Self {
            bank: proof.bank,
            sender_name: proof.sender,
            amount: proof.amount,
            transferred_at: proof.transferred_at.map(Into::into),
            note: proof.note,
            image,
            image_type,
            shown_at: Some(proof.shown_at.into()),
        }
    }
}

#[OpenApi(prefix_path = "/payments", tag = "Tag::Payments")]
impl ProofsApi {
    /// Show a proof of a manual transfer
    ///
    /// Says "I have paid" as well: the payment goes to review. What was shown before is replaced.
    #[oai(path = "/:id/proof", method = "post", operation_id = "show_payment_proof")]
    async fn show(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        body: Json<ProofBody>,
    ) -> ApiResult<Json<PaymentBody>> {
        let new = body.0.read()?;
        Ok(Json(deps.app.payments.show(&person.0, id.0.into(), new).await?.into()))
    }

    /// What was shown for a payment
    #[oai(path = "/:id/proof", method = "get", operation_id = "get_payment_proof")]
    async fn get(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<ProofBody>> {
        Ok(Json(deps.app.payments.proof(&person.0, id.0.into()).await?.into()))
    }
}
