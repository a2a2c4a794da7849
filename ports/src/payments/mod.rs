//! How money comes in from outside: gateways, and what is kept about payments.

mod gateway;
mod method;

#[cfg(feature = "mocks")]
pub use gateway::MockPaymentGateway;
pub use gateway::{
    Capabilities, ChargeRef, DisputeProgress, Found, GatewayState, Hint, NewCharge, NewRefund, NotAuthentic, Outcome,
    Payer, PaymentGateway, RefundProgress, Refundable, Refusal, RefusalKind, SeenAmount, SeenDispute, SeenRefund,
    Snapshot,
};
pub use method::{CardToken, Method, MethodKind, PayAction};
