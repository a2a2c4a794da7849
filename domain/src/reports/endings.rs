//! What ends without moving money leaves no line in the journal. Its events are heard instead.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    events::{Event, NotHandled, Subscriber},
    ids::TransactionId,
    ledger::{TransactionKind, TransactionStatus},
    money::Currency,
    reports::{Day, EndingKey, EndingTotal},
};
use serde_json::Value;

use super::Reports;

#[async_trait]
impl Subscriber for Reports {
    fn name(&self) -> &'static str {
        "reports"
    }

    fn topics(&self) -> &'static [&'static str] {
        &["transaction.failed", "transaction.cancelled"]
    }

    /// A transaction ends once, so it is counted once, however often that is told.
    async fn handle(&self, event: &Event) -> Result<(), NotHandled> {
        let ended =
            Ended::read(&event.payload).ok_or_else(|| NotHandled::Never(format!("unreadable: {}", event.id)))?;
        self.count(event, &ended).await.map_err(|error| match error {
            StoreError::Busy | StoreError::Stale(_) | StoreError::Unavailable(_) => {
                NotHandled::Later(error.to_string())
            }
            StoreError::Conflict(_) | StoreError::Corrupt(_) => NotHandled::Never(error.to_string()),
        })
    }
}

/// What the event says.
struct Ended {
    transaction: TransactionId,
    kind: TransactionKind,
    status: TransactionStatus,
    amount: i64,
    currency: Currency,
}

impl Ended {
    fn read(payload: &Value) -> Option<Self> {
        let text = |name: &str| payload.get(name).and_then(Value::as_str);
        let kind = text("type")?;
        let status = text("status")?;
        Some(Self {
            transaction: text("transaction_id")?.parse().ok()?,
            kind: TransactionKind::ALL.into_iter().find(|known| known.as_str() == kind)?,
            status: [TransactionStatus::Failed, TransactionStatus::Cancelled]
                .into_iter()
                .find(|known| known.as_str() == status)?,
            amount: payload.get("amount")?.as_i64()?,
            currency: text("currency")?.parse().ok()?,
        })
    }
}

impl Reports {
    async fn count(&self, event: &Event, ended: &Ended) -> Result<(), StoreError> {
        let mut uow = self.0.ports.store.begin().await?;
        // Locked, so that nobody counts all endings anew meanwhile.
        let Some(offset) = uow.reports().lock().await?.offset else {
            // Whoever begins to count will find it among the transactions.
            return Ok(());
        };
        let Ended { transaction, kind, status, amount, currency } = *ended;
        let key = EndingKey { day: Day::of(event.at, offset), currency, kind, status };
        if uow.reports().add_ending(transaction, &EndingTotal { key, count: 1, amount }).await? {
            uow.commit().await?;
        }
        Ok(())
    }
}
