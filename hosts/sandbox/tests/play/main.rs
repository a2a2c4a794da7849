//! The sandbox as an application sees it: over HTTP, with a clock that stands still until it is put forward.

mod admin;
mod calls;
mod delivery;
mod end_to_end;
mod looks;
mod midtrans_cards;
mod midtrans_charges;
mod midtrans_errors;
mod midtrans_life;
mod midtrans_refunds;
mod pages;
mod retries;
mod sms;
mod snap;
mod support;
mod xendit_disputes;
mod xendit_invoices;
mod xendit_refunds;
mod xendit_requests;
