//! Cancelling what was bought, and ending what waits for a person.

use dermaga_domain::{
    Error,
    booking::{BookingView, CancellationView, Finding},
};
use dermaga_ports::booking::RefundTo;
use poem::web::Data;
use poem_openapi::{Enum, Object, OpenApi, param::Path};
use uuid::Uuid;

use super::wire::BookingBody;
use crate::{
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{CurrencyCode, Moment},
};

/// `/bookings/{id}/cancel` and what belongs to it
pub struct CancellingApi;

/// What comes back for a cancellation besides money, or instead of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "RefundKind", rename_all = "snake_case")]
enum RefundName {
    Money,
    /// Credits with the carrier, in the passenger's name
    Credits,
    Voucher,
    /// The supplier pays back, but not to us: ask before you cancel
    Elsewhere,
    Nothing,
}

impl From<&RefundTo> for RefundName {
    fn from(to: &RefundTo) -> Self {
        match to {
            RefundTo::Balance => Self::Money,
            RefundTo::Credits => Self::Credits,
            RefundTo::Voucher => Self::Voucher,
            RefundTo::NothingPaid => Self::Nothing,
            RefundTo::OriginalPayment | RefundTo::Unrecognised(_) => Self::Elsewhere,
        }
    }
}

/// What a cancellation would give.
#[derive(Debug, Clone, Object)]
#[oai(rename = "CancellationQuote", skip_serializing_if_is_none)]
struct QuoteBody {
    /// What comes back in money, in the currency's smallest unit; the cancellation names it
    refund: i64,
    /// What is kept of the price
    fee: i64,
    currency: CurrencyCode,
    refund_kind: RefundName,
    /// After that, another sum may come back
    expires_at: Option<Moment>,
}

impl From<CancellationView> for QuoteBody {
    fn from(CancellationView { quote, refund, fee }: CancellationView) -> Self {
        Self {
            refund: refund.amount(),
            fee: fee.amount(),
            currency: refund.currency().into(),
            refund_kind: (&quote.refund_to).into(),
            expires_at: quote.expires_at.map(Into::into),
        }
    }
}

/// What the caller has seen.
#[derive(Debug, Clone, Object)]
struct CancelBooking {
    /// The refund of the quote; another one by now refuses the cancellation
    #[oai(validator(minimum(value = "0"), maximum(value = "9007199254740991")))]
    expected_refund: i64,
}

/// What was found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "BookingFinding", rename_all = "snake_case")]
enum FindingName {
    /// The supplier has sold it
    Sold,
    /// The customer has nothing, or nothing any more, and is paid back
    GiveBack,
    /// It stays as it is
    Leave,
    /// The supplier shall be asked again
    AskAgain,
}

/// What a person decides.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct ResolveBooking {
    outcome: FindingName,
    /// How you know; for the audit
    #[oai(validator(min_length = 1, max_length = 200))]
    note: String,
    /// For `give_back`: how much, in the currency's smallest unit; all of the price unless given
    #[oai(validator(minimum(value = "0"), maximum(value = "9007199254740991")))]
    refund: Option<i64>,
    /// For `sold`: what people call it at the supplier
    #[oai(validator(max_length = 100))]
    supplier_reference: Option<String>,
    /// For `sold`: what was delivered
    #[oai(validator(max_length = 1000))]
    serial: Option<String>,
}

#[OpenApi(prefix_path = "/bookings", tag = "Tag::Travel")]
impl CancellingApi {
    /// Ask what a cancellation would give
    ///
    /// Changes nothing.
    #[oai(path = "/:id/cancellation-quote", method = "post", operation_id = "quote_cancellation")]
    async fn quote(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<QuoteBody>> {
        Ok(Json(deps.app.bookings.quote_cancellation(&person.0, id.0.into()).await?.into()))
    }

    /// Cancel what was bought
    ///
    /// With the refund of the quote; if another sum comes back by now, the answer is 409 `price_changed` with the new one, and
    /// nothing is cancelled. A supplier that does not answer in time leaves the booking `CANCELLING`; it is asked until it is
    /// known. Repeating it answers the same.
    #[oai(path = "/:id/cancel", method = "post", operation_id = "cancel_booking")]
    async fn cancel(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        body: Json<CancelBooking>,
    ) -> ApiResult<Json<BookingBody>> {
        let booking = deps.app.bookings.cancel(&person.0, id.0.into(), body.expected_refund).await?;
        Ok(Json(BookingBody::at(deps.app.orders.now(), BookingView::of(&person.0, booking)?)))
    }

    /// Decide what waits for a person
    ///
    /// For bookings that are `frozen`: ask the supplier by `reference`, then say what is so.
    #[oai(path = "/:id/resolve", method = "post", operation_id = "resolve_booking")]
    async fn resolve(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        body: Json<ResolveBooking>,
    ) -> ApiResult<Json<BookingBody>> {
        let ResolveBooking { outcome, note, refund, supplier_reference, serial } = body.0;
        if refund.is_some() && outcome != FindingName::GiveBack {
            return Err(Error::fault("/refund", "belongs to give_back").into());
        }
        if supplier_reference.is_some() && outcome != FindingName::Sold {
            return Err(Error::fault("/supplier_reference", "belongs to sold").into());
        }
        if serial.is_some() && outcome != FindingName::Sold {
            return Err(Error::fault("/serial", "belongs to sold").into());
        }
        let finding = match outcome {
            FindingName::Sold => Finding::Sold { supplier_reference, serial },
            FindingName::GiveBack => Finding::GiveBack { amount: refund },
            FindingName::Leave => Finding::Leave,
            FindingName::AskAgain => Finding::AskAgain,
        };
        let booking = deps.app.bookings.resolve(&person.0, id.0.into(), finding, &note).await?;
        Ok(Json(BookingBody::at(deps.app.orders.now(), BookingView::of(&person.0, booking)?)))
    }
}
