//! How money comes in from outside: gateways, and what is kept about payments.

mod gateway;
mod inbox;
mod manual;
mod method;
mod payment;
mod refund;
mod repository;

#[cfg(feature = "mocks")]
pub use gateway::MockPaymentGateway;
pub use gateway::{
    Capabilities, ChargeRef, DisputeProgress, Found, GatewayState, Hint, NewCharge, NewRefund, NotAuthentic, Outcome,
    Payer, PaymentGateway, RefundProgress, Refundable, Refusal, RefusalKind, SeenAmount, SeenDispute, SeenRefund,
    Snapshot,
};
pub use inbox::{Verdict, Webhook};
#[cfg(feature = "mocks")]
pub use manual::MockManualTransfers;
pub use manual::{ManualTransfers, Picture, Proof};
pub use method::{CardToken, Method, MethodKind, PayAction};
pub use payment::{Payment, PaymentClass, PaymentState, Sums, Use};
pub use refund::{Dispute, Refund, RefundState};
pub use repository::{Inbox, PaymentFilter, PaymentQueries, Payments, Refunds, Waiting};
#[cfg(feature = "mocks")]
pub use repository::{MockInbox, MockPaymentQueries, MockPayments, MockRefunds};
