//! Payments, refunds and disputes on the wire.

use dermaga_domain::payments::PaymentView;
use dermaga_ports::payments::{
    Dispute, DisputeProgress, PayAction, Payment, PaymentState, Refund, RefundState, Use, Webhook,
};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::wire::{CurrencyCode, Moment};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident as $wire:literal = $of:ty [$case:literal] { $($variant:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
        #[oai(rename = $wire, rename_all = $case)]
        pub enum $name { $($variant,)* }

        impl From<$of> for $name {
            fn from(value: $of) -> Self {
                match value { $(<$of>::$variant => Self::$variant,)* }
            }
        }

        impl From<$name> for $of {
            fn from(name: $name) -> Self {
                match name { $($name::$variant => Self::$variant,)* }
            }
        }
    )*};
}

names! {
    /// Where an attempt to pay stands.
    StateName as "PaymentState" = PaymentState ["SCREAMING_SNAKE_CASE"] {
        Created, Submitting, Pending, Review, Authorized, Failed, Cancelled, Expired, Paid, Voided, Reversed,
    }
    /// What became of the money.
    UseName as "PaymentUse" = Use ["lowercase"] { Nothing, Funding, Surplus, Suspense, }
    /// Where a refund stands.
    RefundStateName as "RefundState" = RefundState ["SCREAMING_SNAKE_CASE"] { Requested, Pending, Succeeded, Failed, }
    /// Where a dispute stands.
    DisputeStateName as "DisputeState" = DisputeProgress ["SCREAMING_SNAKE_CASE"] { Open, UnderReview, Won, Lost, }
}

/// What the payer has to do.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "PaymentAction", skip_serializing_if_is_none)]
pub struct ActionBody {
    /// `virtual_account`, `bill`, `qr`, `open`, `counter_code` or `transfer_and_confirm`
    #[oai(rename = "type")]
    pub kind: String,
    /// Of a virtual account
    pub bank: Option<String>,
    pub va_number: Option<String>,
    /// Of a bill at Mandiri
    pub biller_code: Option<String>,
    pub bill_key: Option<String>,
    /// The content of a QR code
    pub qr_string: Option<String>,
    /// A picture of the QR code
    pub qr_image_url: Option<String>,
    /// The page or application to open
    pub url: Option<String>,
    /// The shop where to show the code
    pub store: Option<String>,
    pub payment_code: Option<String>,
    /// The account to transfer to
    pub account: Option<String>,
}

impl From<PayAction> for ActionBody {
    fn from(action: PayAction) -> Self {
        let named = |kind: &str| Self { kind: kind.to_owned(), ..Self::default() };
        match action {
            PayAction::VirtualAccount { bank, number } => {
                Self { bank: Some(bank), va_number: Some(number), ..named("virtual_account") }
            }
            PayAction::Bill { biller_code, bill_key } => {
                Self { biller_code: Some(biller_code), bill_key: Some(bill_key), ..named("bill") }
            }
            PayAction::Qr { qr, image } => Self { qr_string: qr, qr_image_url: image, ..named("qr") },
            PayAction::Open { url } => Self { url: Some(url), ..named("open") },
            PayAction::CounterCode { store, code } => {
                Self { store: Some(store), payment_code: Some(code), ..named("counter_code") }
            }
            PayAction::TransferAndConfirm { account } => {
                Self { account: Some(account), ..named("transfer_and_confirm") }
            }
        }
    }
}

/// An attempt to pay.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Payment", skip_serializing_if_is_none)]
pub struct PaymentBody {
    pub id: Uuid,
    pub transaction_id: Uuid,
    pub user_id: Uuid,
    pub gateway: String,
    pub method: String,
    /// Our name for it at the gateway
    pub reference: String,
    /// The gateway's name for it
    pub provider_id: Option<String>,
    pub state: StateName,
    /// What became of the money
    pub used: UseName,
    /// In the currency's smallest unit. Of a manual transfer with the code, which the payer gets back
    pub amount: i64,
    pub currency: CurrencyCode,
    /// What was added to a manual transfer's amount, so that the bank's statement names the payment
    pub unique_code: Option<i64>,
    /// Taken by the gateway
    pub captured: i64,
    /// Given back for good
    pub refunded: i64,
    /// On its way back
    pub refund_pending: i64,
    /// Taken back by the payer's bank
    pub charged_back: i64,
    /// Given to the payer's wallet, because it could not go back through the gateway
    pub credited: i64,
    /// The gateway has passed the money on
    pub settled: bool,
    /// Paid when it was over already
    pub late: bool,
    /// Waits for a person to look at it
    pub frozen: bool,
    /// Why it failed, or why a person has to look at it
    pub reason: Option<String>,
    /// What the payer has to do
    pub action: Option<ActionBody>,
    pub expires_at: Moment,
    pub created_at: Moment,
    pub updated_at: Moment,
}

impl From<Payment> for PaymentBody {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id.into(),
            transaction_id: payment.transaction.into(),
            user_id: payment.user.into(),
            gateway: payment.gateway,
            method: payment.method.kind.to_string(),
            reference: payment.reference,
            provider_id: payment.provider_id,
            state: payment.state.into(),
            used: payment.used.into(),
            amount: payment.amount.amount(),
            currency: payment.amount.currency().into(),
            unique_code: payment.method.code,
            captured: payment.sums.captured,
            refunded: payment.sums.refunded,
            refund_pending: payment.sums.refund_pending,
            charged_back: payment.sums.charged_back,
            credited: payment.sums.credited,
            settled: payment.settled,
            late: payment.late,
            frozen: payment.frozen,
            reason: payment.reason,
            action: payment.action.map(Into::into),
            expires_at: payment.expires_at.into(),
            created_at: payment.created_at.into(),
            updated_at: payment.updated_at.into(),
        }
    }
}

/// Money that goes back.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Refund", skip_serializing_if_is_none)]
pub struct RefundBody {
    pub id: Uuid,
    pub payment_id: Uuid,
    pub state: RefundStateName,
    /// In the currency's smallest unit
    pub amount: i64,
    pub currency: CurrencyCode,
    pub reason: String,
    /// Why it failed
    pub failure: Option<String>,
    /// Somebody made it at the gateway
    pub external: bool,
    pub created_at: Moment,
    pub updated_at: Moment,
}

impl From<Refund> for RefundBody {
    fn from(refund: Refund) -> Self {
        Self {
            id: refund.id.into(),
            payment_id: refund.payment.into(),
            state: refund.state.into(),
            amount: refund.amount.amount(),
            currency: refund.amount.currency().into(),
            reason: refund.reason,
            failure: refund.failure,
            external: refund.external,
            created_at: refund.created_at.into(),
            updated_at: refund.updated_at.into(),
        }
    }
}

/// A dispute between payer and bank.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Dispute")]
pub struct DisputeBody {
    /// The gateway's name for it
    pub id: String,
    pub state: DisputeStateName,
    /// At stake, or lost; in the payment's currency
    pub amount: i64,
    pub created_at: Moment,
    pub updated_at: Moment,
}

impl From<Dispute> for DisputeBody {
    fn from(dispute: Dispute) -> Self {
        Self {
            id: dispute.id,
            state: dispute.state.into(),
            amount: dispute.amount.amount(),
            created_at: dispute.created_at.into(),
            updated_at: dispute.updated_at.into(),
        }
    }
}

/// An attempt to pay with its refunds and disputes.
#[derive(Debug, Clone, Object)]
pub struct PaymentDetail {
    pub payment: PaymentBody,
    pub refunds: Vec<RefundBody>,
    pub disputes: Vec<DisputeBody>,
}

impl From<PaymentView> for PaymentDetail {
    fn from(view: PaymentView) -> Self {
        Self {
            payment: view.payment.into(),
            refunds: view.refunds.into_iter().map(Into::into).collect(),
            disputes: view.disputes.into_iter().map(Into::into).collect(),
        }
    }
}

/// A webhook that came in.
#[derive(Debug, Clone, Object)]
#[oai(rename = "PaymentWebhook", skip_serializing_if_is_none)]
pub struct WebhookBody {
    pub id: Uuid,
    pub gateway: String,
    pub received_at: Moment,
    /// `ACCEPTED`, `DUPLICATE`, `BAD_SIGNATURE`, `UNMATCHED`, `SUSPICIOUS` or `CONFLICT`
    pub verdict: String,
    /// What it claims, in the gateway's words; a read at the gateway decided
    pub claims: Option<String>,
    pub payment_id: Option<Uuid>,
    pub reference: Option<String>,
}

impl From<Webhook> for WebhookBody {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id.into(),
            gateway: webhook.gateway,
            received_at: webhook.received_at.into(),
            verdict: webhook.verdict.as_str().to_owned(),
            claims: webhook.claims,
            payment_id: webhook.payment.map(Into::into),
            reference: webhook.reference,
        }
    }
}
