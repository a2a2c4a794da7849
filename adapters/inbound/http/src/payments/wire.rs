//! Payments, refunds and disputes on the wire.

use dermaga_domain::{
    Error,
    ledger::NewTransaction,
    payments::{MethodChoice, Payable, PaymentView, Purchase},
};
use dermaga_ports::payments::{
    CardToken, Dispute, DisputeProgress, PayAction, Payment, PaymentState, Refund, RefundState, Use, Webhook,
};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use super::cards;
use crate::wire::{CurrencyCode, Moment, currency_text};

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

/// An attempt to pay: either of a purchase that waits, or of a new one.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Checkout {
    /// A purchase that is PENDING, to try again
    pub transaction_id: Option<Uuid>,
    /// Who shall be paid, for a new purchase
    pub merchant: Option<String>,
    /// For a new purchase; in the currency's smallest unit, more than 0
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    pub amount: Option<i64>,
    /// IDR unless named
    pub currency: Option<CurrencyCode>,
    #[oai(validator(max_length = 255))]
    pub description: Option<String>,
    /// `bank_transfer`, `echannel`, `qris`, `gopay`, `shopeepay`, `credit_card`, `cstore`, `page`, `wallet`,
    /// `manual_transfer` or `instant`, as far as the host's gateways offer it; the first one's first method unless named
    pub method: Option<String>,
    /// One of the host's gateways; the first that offers the method unless named
    pub gateway: Option<String>,
    /// For `bank_transfer`: bca, bni, bri, cimb, permata
    pub bank: Option<String>,
    /// For `cstore`: indomaret or alfamart
    pub store: Option<String>,
    /// For `credit_card`: what the gateway's script in the browser gave for the card. Never a card number
    #[oai(validator(max_length = 255))]
    pub token: Option<String>,
    /// For `credit_card`: reserve the money, and take it by a capture
    pub authorize_only: Option<bool>,
    /// For `wallet`: one's own wallet to pay from
    pub wallet_id: Option<Uuid>,
}

impl Checkout {
    /// What is to be paid and how.
    pub fn read(self) -> Result<(Payable, MethodChoice), Error> {
        let texts = [
            ("/token", &self.token),
            ("/description", &self.description),
            ("/merchant", &self.merchant),
            ("/method", &self.method),
        ];
        cards::refuse(texts.into_iter().filter_map(|(pointer, text)| Some((pointer, text.as_deref()?))))?;
        let choice = MethodChoice {
            method: self.method,
            gateway: self.gateway,
            bank: self.bank,
            store: self.store,
            token: self.token.map(CardToken),
            authorize_only: self.authorize_only.unwrap_or_default(),
            wallet: self.wallet_id.map(Into::into),
        };
        let payable = match (self.transaction_id, self.merchant, self.amount) {
            (Some(_), Some(_), _) => {
                return Err(Error::fault("/merchant", "must not be given together with transaction_id"));
            }
            (Some(_), None, Some(_)) => {
                return Err(Error::fault("/amount", "must not be given together with transaction_id"));
            }
            (Some(transaction), None, None) => Payable::Transaction(transaction.into()),
            (None, Some(merchant), Some(amount)) => {
                let terms = NewTransaction {
                    amount,
                    currency: currency_text(self.currency),
                    description: self.description,
                    reference: None,
                };
                Payable::Purchase(Purchase { merchant, terms })
            }
            (None, Some(_), None) => return Err(Error::fault("/amount", "is required")),
            (None, None, _) => return Err(Error::fault("/transaction_id", "is required, unless merchant is given")),
        };
        Ok((payable, choice))
    }
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
    /// In the currency's smallest unit
    pub amount: i64,
    pub currency: CurrencyCode,
    /// Taken by the gateway
    pub captured: i64,
    /// Given back for good
    pub refunded: i64,
    /// On its way back
    pub refund_pending: i64,
    /// Taken back by the payer's bank
    pub charged_back: i64,
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
            captured: payment.sums.captured,
            refunded: payment.sums.refunded,
            refund_pending: payment.sums.refund_pending,
            charged_back: payment.sums.charged_back,
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
    /// `ACCEPTED`, `DUPLICATE`, `BAD_SIGNATURE`, `UNMATCHED` or `SUSPICIOUS`
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
