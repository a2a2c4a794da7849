//! Attempts and answers to judge.

use dermaga_ports::{
    ids::{PaymentId, TransactionId, UserId},
    money::{Currency, Money},
    payments::{GatewayState, Method, MethodKind, Payment, PaymentState, SeenAmount, Snapshot, Sums, Use},
    time::{DAY, Timestamp},
};
use uuid::Uuid;

/// An attempt of Rp 50.000 in that state.
pub fn payment(state: PaymentState) -> Payment {
    let now = Timestamp::from_micros(0);
    Payment {
        id: PaymentId(Uuid::from_u128(1)),
        transaction: TransactionId(Uuid::from_u128(2)),
        user: UserId(Uuid::from_u128(3)),
        gateway: "played".to_owned(),
        reference: "DMG-1".to_owned(),
        provider_id: None,
        amount: Money::new(50_000, Currency::Idr).expect("in range"),
        method: Method::plain(MethodKind::Qris),
        state,
        used: Use::Nothing,
        sums: Sums::default(),
        settled: false,
        late: false,
        reason: None,
        frozen: false,
        action: None,
        description: None,
        idempotency_key: "1".to_owned(),
        sent_at: None,
        expires_at: now + DAY,
        verified_at: None,
        next_check_at: None,
        checks: 0,
        raw: None,
        created_at: now,
        updated_at: now,
        revision: 0,
    }
}

/// What a gateway says of it.
pub fn seen(state: GatewayState) -> Snapshot {
    Snapshot {
        state,
        amount: SeenAmount::Exact(Money::new(50_000, Currency::Idr).expect("in range")),
        captured: None,
        settled: false,
        refunds: vec![],
        refunded: None,
        disputes: vec![],
        provider_id: None,
        action: None,
        expires_at: None,
        raw: "{}".to_owned(),
    }
}
