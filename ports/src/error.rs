//! One vocabulary for what a store can answer besides the data.

use std::fmt;

/// A unique rule of the schema that a write ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// Another account has this e-mail address.
    UserEmail,
    /// Another account has this username.
    UserUsername,
    /// The owner has a wallet of this name and currency.
    WalletName,
    /// A record with this id is there already.
    Id,
    /// This event has told this person of the same thing before.
    NotificationCause,
    /// This reference was used before for the same purpose.
    Reference,
    /// Another event has this id.
    EventSlug,
    /// The event has a ticket type of this name.
    TicketTypeName,
    /// There is a signing key of this number.
    TicketKey,
    /// This code has entered this event.
    Entry,
    /// The device has used this nonce.
    Nonce,
}

/// Which record a failure is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entity {
    User,
    Session,
    Wallet,
    Account,
    Transfer,
    Hold,
    Transaction,
    Payment,
    IdempotencyKey,
    Notification,
    Delivery,
    Endpoint,
    Webhook,
    Product,
    Stock,
    Order,
    Event,
    TicketType,
    Ticket,
    Checkin,
    Booking,
    /// All that was remembered of it.
    Journal,
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Session => "session",
            Self::Wallet => "wallet",
            Self::Account => "account",
            Self::Transfer => "transfer",
            Self::Hold => "hold",
            Self::Transaction => "transaction",
            Self::Payment => "payment",
            Self::IdempotencyKey => "idempotency key",
            Self::Notification => "notification",
            Self::Delivery => "delivery",
            Self::Endpoint => "webhook endpoint",
            Self::Webhook => "webhook",
            Self::Product => "product",
            Self::Stock => "stock",
            Self::Order => "order",
            Self::Event => "event",
            Self::TicketType => "ticket type",
            Self::Ticket => "ticket",
            Self::Checkin => "check-in",
            Self::Booking => "booking",
            Self::Journal => "journal",
        })
    }
}

/// Why a store did not do what it was asked.
///
/// Adapters MUST map every driver error to one of these; the texts inside are for logs, never for callers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A unique rule was violated; nothing was written by that statement.
    #[error("unique rule violated: {0:?}")]
    Conflict(Unique),
    /// The record is no longer in the version that the caller read.
    #[error("stale {0}")]
    Stale(Entity),
    /// Locks, deadlocks or a full queue; the same call may work at once or a little later.
    #[error("the store is busy")]
    Busy,
    /// The store cannot be reached, is read-only or full.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A row that the schema or a record's constructor should have made impossible.
    #[error("corrupt record: {0}")]
    Corrupt(String),
}
