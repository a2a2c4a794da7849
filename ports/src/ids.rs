//! Typed ids: a wallet's id cannot be handed in where a user's is asked for.
//!
//! They are UUIDv7, so they sort by the moment they were made. Whoever creates a record makes its id first
//! ([`crate::system::IdGenerator`]) and repeats the same id when it has to repeat the request.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// A person's account.
    UserId;
    /// A login: one family of refresh tokens.
    SessionId;
    /// A wallet.
    WalletId;
    /// An account of the ledger.
    AccountId;
    /// A movement in the ledger's journal; the idempotency key of that movement.
    TransferId;
    /// A transaction: what a user did with money, with its life cycle.
    TransactionId;
    /// An attempt to pay, at one gateway.
    PaymentId;
    /// Money that goes back through a gateway.
    RefundId;
    /// What a payment gateway told, once.
    NoticeId;
    /// Something that happened, as told to subscribers.
    EventId;
    /// Something that a person shall be told.
    NotificationId;
    /// An entry of the audit trail.
    AuditId;
    /// An address that webhooks go to.
    EndpointId;
    /// A webhook on its way to an endpoint.
    WebhookId;
    /// A product.
    ProductId;
    /// Whatever there is a number of: a product or a kind of ticket, by its own id.
    ItemId;
    /// A change of the stock of an item.
    MovementId;
    /// An order.
    OrderId;
    /// Something that is bought from a supplier.
    BookingId;
    /// A report of a transaction.
    ReportId;
    /// A kind of ticket of an event.
    TicketTypeId;
    /// A ticket.
    TicketId;
    /// A scan at the door.
    CheckinId;
}

impl From<ProductId> for ItemId {
    fn from(product: ProductId) -> Self {
        Self(product.0)
    }
}

impl From<TicketTypeId> for ItemId {
    fn from(ticket_type: TicketTypeId) -> Self {
        Self(ticket_type.0)
    }
}

impl From<OrderId> for TransactionId {
    /// An order's money is the transaction of the same id.
    fn from(order: OrderId) -> Self {
        Self(order.0)
    }
}

impl From<WalletId> for AccountId {
    /// A wallet's money is kept in the ledger account of the same id.
    fn from(wallet: WalletId) -> Self {
        Self(wallet.0)
    }
}

impl From<AccountId> for WalletId {
    /// The reverse of the above; only meaningful for accounts of the kind wallet.
    fn from(account: AccountId) -> Self {
        Self(account.0)
    }
}

impl From<TransactionId> for TransferId {
    /// The movement that a transaction begins with has the transaction's id.
    fn from(transaction: TransactionId) -> Self {
        Self(transaction.0)
    }
}
