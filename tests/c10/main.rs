//! The cases of docs/payments-cases.md, end to end: the use cases over a real store, the real gateways, and a server
//! that plays them over HTTP, webhooks included.
//!
//! A case is a function over a database. It is listed once, below, and runs on both databases. Each ends with the books: they are
//! whole, and the gateway's own agree with them to the rupiah.

mod answers;
mod attempts;
mod books;
mod cards;
mod deeds;
mod faults;
mod house;
mod outages;
mod refunds;
mod server;
mod sights;
mod table;
mod webhooks;

/// One test for each case and database, named `sqlite::c10_01_...`.
macro_rules! cases {
    ($($module:ident :: $name:ident)*) => {
        cases!(engine sqlite, Sqlite, $($module::$name)*);
        cases!(engine postgres, Postgres, $($module::$name)*);
    };
    (engine $engine:ident, $variant:ident, $($module:ident :: $name:ident)*) => {
        mod $engine {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                crate::$module::$name(dermaga_tests::databases::Engine::$variant).await;
            })*
        }
    };
}

cases! {
    answers::c10_09_c10_51_another_sum_waits_for_a_person
    answers::c10_10_c10_40_a_sum_that_cannot_be_read_waits_for_a_person
    answers::c10_41_c10_42_c10_43_odd_looks_do_not_matter
    answers::c10_42_a_word_that_nobody_knows_changes_nothing
    attempts::c10_01_what_is_paid_is_fulfilled_once
    attempts::c10_01_from_a_wallet_what_is_paid_is_fulfilled_once
    attempts::c10_05_money_after_the_end_goes_back
    attempts::c10_05_money_after_the_purchases_end_goes_back
    attempts::c10_06_a_payment_that_the_bank_takes_back_is_gone
    attempts::c10_12_a_charge_whose_answer_is_lost_is_found_and_not_repeated
    attempts::c10_13_a_charge_that_never_arrived_is_sent_again
    attempts::c10_16_a_charge_in_process_is_no_failure
    attempts::c10_17_a_refused_charge_is_a_failed_payment
    attempts::c10_18_a_charge_that_is_wrong_fails_with_the_gateways_words
    attempts::c10_39_nobody_is_over_before_the_time
    attempts::c10_39_a_clock_that_is_behind_loses_no_payment
    attempts::c10_46_of_two_paid_attempts_one_funds_and_the_other_goes_back
    attempts::c10_53_the_settlement_that_no_webhook_tells_is_seen
    cards::c10_20_a_page_that_nobody_chose_on_waits
    cards::c10_21_a_declined_payer_may_try_again_on_the_page
    cards::c10_22_c10_23_a_challenge_is_approved_or_denied
    cards::c10_24_a_challenge_that_nobody_looks_at_ends
    cards::c10_25_whoever_leaves_the_banks_page_has_not_paid
    cards::c10_26_what_is_reserved_is_captured_once_or_lapses
    cards::c10_27_a_card_is_voided_before_its_settlement_and_not_after
    cards::c10_52_whoever_cancels_what_is_paid_learns_that_it_is_paid
    faults::c10_12_a_request_whose_answer_is_lost_is_never_charged_twice
    faults::c10_14_c10_15_a_charge_is_repeated_under_one_key_for_five_minutes
    faults::c10_19_who_is_over_in_time_is_over_on_both_sides
    faults::c10_50_a_second_invoice_under_our_name_is_for_a_person
    faults::c10_54_a_charge_that_met_a_fault_is_made_once
    faults::c10_54_a_read_that_met_a_fault_is_made_again_soon
    faults::c10_55_what_we_call_a_payment_every_gateway_takes
    faults::c10_56_a_cards_token_is_forgotten_and_nothing_secret_is_kept
    outages::c10_47_an_endpoint_that_fails_is_told_again_and_the_money_is_found
    outages::c10_47_what_is_sent_again_is_heard
    outages::c10_58_a_restart_between_charge_and_webhook_loses_nothing
    outages::c10_58_a_restart_during_the_charge_makes_no_second_one
    refunds::c10_28_parts_go_back_until_nothing_is_left
    refunds::c10_29_no_more_goes_back_than_was_paid
    refunds::c10_30_the_same_refund_twice_is_one
    refunds::c10_31_a_refund_that_is_told_twice_is_booked_once
    refunds::c10_32_a_refund_whose_answer_is_lost_is_made_once
    refunds::c10_33_a_refund_that_is_denied_sets_its_money_free
    refunds::c10_34_what_cannot_be_refunded_says_so
    refunds::c10_35_a_second_refund_waits_for_the_first
    refunds::c10_36_a_refund_from_the_dashboard_is_booked
    refunds::c10_37_a_chargeback_costs_whoever_has_the_money
    refunds::c10_37_a_second_chargeback_at_midtrans_is_one_dispute_that_grows
    refunds::c10_37_c10_54_a_chargeback_is_found_though_the_gateway_was_silent
    refunds::c10_38_a_dispute_that_is_won_costs_nothing
    webhooks::c10_02_copies_of_a_webhook_make_one_transition
    webhooks::c10_03_the_settlement_before_the_pending_one_counts
    webhooks::c10_04_an_expiry_after_the_settlement_is_stale
    webhooks::c10_07_what_is_forged_is_refused_and_changes_nothing
    webhooks::c10_08_a_replay_with_another_status_is_suspicious_and_changes_nothing
    webhooks::c10_11_a_webhook_about_nothing_is_kept_and_answered
    webhooks::c10_44_a_webhook_before_the_answer_counts_once
    webhooks::c10_45_a_webhook_and_a_look_at_once_make_one_transition
    webhooks::c10_48_another_callback_token_is_refused
    webhooks::c10_49_another_body_under_a_known_delivery_is_flagged_and_wakes
    webhooks::c10_49_the_same_event_under_another_delivery_is_one
    webhooks::c10_57_a_refunds_webhook_in_two_envelopes_wakes_the_payment
}
