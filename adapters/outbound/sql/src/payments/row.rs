//! A payment as a row.

use dermaga_ports::{
    StoreError,
    ids::{PaymentId, TransactionId, UserId, WalletId},
    payments::{CardToken, Method, MethodKind, PayAction, Payment, PaymentState, Sums, Use},
};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    codec::{Moment, corrupt, money, named},
    personal::{Column, PersonalKeys},
};

/// The columns of [`PaymentRow`], in the order in which they are written.
macro_rules! payment_columns {
    () => {
        "id, transaction_id, user_id, gateway, reference, provider_id, amount, currency, method, bank, store, token, \
         wallet_id, authorize_only, state, used, captured, refunded, refund_pending, charged_back, settled, late, reason, \
         frozen, action, description, idempotency_key, sent_at, expires_at, verified_at, next_check_at, checks, raw, \
         created_at, updated_at, revision, credited, code"
    };
}

macro_rules! select_payment {
    () => {
        concat!("SELECT ", payment_columns!(), " FROM payments")
    };
}

pub(super) use payment_columns;
pub(super) use select_payment;

#[derive(FromRow)]
pub(super) struct PaymentRow {
    pub(super) id: Uuid,
    transaction_id: Uuid,
    user_id: Uuid,
    gateway: String,
    reference: String,
    provider_id: Option<String>,
    amount: i64,
    currency: String,
    method: String,
    bank: Option<String>,
    store: Option<String>,
    token: Option<Vec<u8>>,
    wallet_id: Option<Uuid>,
    authorize_only: bool,
    state: String,
    used: String,
    captured: i64,
    refunded: i64,
    refund_pending: i64,
    charged_back: i64,
    credited: i64,
    code: Option<i64>,
    settled: bool,
    late: bool,
    reason: Option<String>,
    frozen: bool,
    action: Option<Json<PayAction>>,
    description: Option<String>,
    idempotency_key: String,
    sent_at: Option<Moment>,
    expires_at: Moment,
    verified_at: Option<Moment>,
    next_check_at: Option<Moment>,
    checks: i64,
    raw: Option<String>,
    created_at: Moment,
    updated_at: Moment,
    revision: i64,
}

impl PaymentRow {
    pub(super) fn open(self, keys: &PersonalKeys) -> Result<Payment, StoreError> {
        let row = self;
        let method = Method {
            kind: named(&MethodKind::ALL, MethodKind::as_str, &row.method)?,
            bank: row.bank,
            store: row.store,
            token: keys.open_text(Column::PaymentToken, row.id, row.token.as_deref())?.map(CardToken),
            wallet: row.wallet_id.map(WalletId),
            authorize_only: row.authorize_only,
            code: row.code,
        };
        Ok(Payment {
            id: PaymentId(row.id),
            transaction: TransactionId(row.transaction_id),
            user: UserId(row.user_id),
            gateway: row.gateway,
            reference: row.reference,
            provider_id: row.provider_id,
            amount: money(row.amount, &row.currency)?,
            method,
            state: named(&PaymentState::ALL, PaymentState::as_str, &row.state)?,
            used: named(&Use::ALL, Use::as_str, &row.used)?,
            sums: Sums {
                captured: row.captured,
                refunded: row.refunded,
                refund_pending: row.refund_pending,
                charged_back: row.charged_back,
                credited: row.credited,
            },
            settled: row.settled,
            late: row.late,
            reason: row.reason,
            frozen: row.frozen,
            action: row.action.map(|action| action.0),
            description: row.description,
            idempotency_key: row.idempotency_key,
            sent_at: row.sent_at.map(|moment| moment.0),
            expires_at: row.expires_at.0,
            verified_at: row.verified_at.map(|moment| moment.0),
            next_check_at: row.next_check_at.map(|moment| moment.0),
            checks: u32::try_from(row.checks).map_err(corrupt)?,
            raw: row.raw,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            revision: u64::try_from(row.revision).map_err(corrupt)?,
        })
    }
}

/// All rows as payments.
pub(super) fn payments(rows: Vec<PaymentRow>, keys: &PersonalKeys) -> Result<Vec<Payment>, StoreError> {
    rows.into_iter().map(|row| row.open(keys)).collect()
}

/// The token of a card as it is kept.
pub(super) fn token(payment: &Payment, keys: &PersonalKeys) -> Result<Option<Vec<u8>>, StoreError> {
    let token = payment.method.token.as_ref().map(|token| token.0.as_str());
    keys.seal_text(Column::PaymentToken, payment.id.0, token)
}
