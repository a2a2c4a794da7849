//! Every contract, once. What is listed here runs on SQLite and on Postgres.

contracts! {
    store {
        a_dropped_unit_leaves_nothing_behind
        nobody_sees_a_unit_before_it_commits
        one_unit_spans_all_repositories
        whoever_waits_too_long_is_told_so
        a_failed_statement_spends_the_unit
        a_conflict_does_not_spend_the_unit
        a_closed_store_is_unavailable
        migrations_run_once
        two_hosts_migrate_at_once
        a_database_of_a_newer_program_is_refused
        a_changed_migration_is_refused
    }
    auth {
        users_read_back_as_written
        emails_are_unique
        usernames_are_unique
        user_ids_are_unique
        of_several_conflicts_the_same_is_told
        who_has_no_address_conflicts_with_nobody
        what_is_not_there_cannot_be_saved
        a_found_user_is_locked
        credentials_are_found_by_either_name
        the_list_is_newest_first_and_pages
        the_list_is_searched_in_any_case
        what_is_typed_is_no_pattern
        administrators_are_counted_and_locked
    }
    personal {
        nothing_personal_is_stored_in_the_clear
        what_is_sealed_reads_back
        an_address_is_unique_by_its_digest
        a_value_of_another_row_or_column_is_refused
        a_changed_value_is_refused
        a_key_that_is_missing_or_wrong_is_refused
        after_a_rotation_the_old_key_can_go
        nobody_is_unknown_while_keys_are_changed
        an_address_under_another_key_is_taken
        hosts_with_other_first_keys_do_not_give_an_address_twice
        a_rotation_keeps_what_a_host_writes_meanwhile
        a_rotation_goes_on_where_it_was_interrupted
    }
    sessions {
        tokens_read_back_with_their_sessions
        a_token_is_used_once
        the_second_use_sees_the_first
        ending_a_login_again_changes_nothing
        all_logins_of_one_user_end
        throttles_are_kept_and_cleared
        throttles_are_read_together
        first_failures_at_once_are_both_counted
    }
    ledger_books {
        an_account_is_opened_once
        locking_finds_what_is_there_in_order
        the_second_lock_sees_the_first_write
        locks_in_any_order_do_not_deadlock
        everything_written_reads_back
        a_thousand_of_everything_is_one_batch
        the_last_state_of_a_record_counts
        an_unknown_account_cannot_be_written
        a_transfer_is_written_once
        overdue_holds_are_found_from_both_sides
        no_more_than_a_thousand_overdue_holds
        open_holds_are_known_on_either_side
        a_closed_account_stays_closed
    }
    ledger_history {
        overdue_holds_reserve_nothing
        accounts_page_in_order
        past_balances_are_known
        a_statement_has_both_sides_in_order
        a_statement_is_cut_by_time
        a_statement_pages_without_gaps
        the_trial_balance_sums_by_kind_and_currency
        the_trial_balance_does_not_overflow
    }
    ledger_schema {
        the_journal_is_append_only
        the_floor_holds_without_the_rules
        counters_stay_in_range_without_the_rules
        impossible_lines_are_refused_without_the_rules
        impossible_values_are_refused_without_the_rules
        waypoints_and_the_seal_are_append_only
        an_account_has_one_waypoint_at_a_time
        a_line_that_is_dropped_on_its_way_stores_nothing
        a_row_that_cannot_be_is_corrupt
    }
    journal {
        what_is_appended_is_stored_and_sealed
        a_stale_revision_refuses_everything
        a_known_id_refuses_everything
        what_a_unit_of_work_changed_has_to_be_read_again
        a_unit_of_work_sees_what_was_appended
        of_two_decisions_on_one_account_one_is_stored
        crossing_appends_do_not_deadlock
        an_id_that_is_being_written_is_waited_for
        what_is_decided_under_locks_is_stored_and_sealed
        nothing_decided_under_locks_is_nothing_stored
        under_locks_a_known_id_refuses_everything
        whoever_decides_under_locks_sees_what_was_waited_for
        decisions_under_locks_are_made_one_after_the_other
    }
    recount {
        honest_books_are_clean
        the_count_tells_how_far_it_is
        a_snapshot_is_of_one_moment
        a_snapshot_writes_nothing_and_hinders_nobody
        a_count_that_is_given_up_leaves_nothing_open
        a_snapshot_comes_in_pages_without_gaps
    }
    tampering {
        a_changed_line_is_found
        lines_taken_away_put_in_or_moved_are_found
        batches_taken_away_or_rewritten_are_found
        whoever_recomputes_the_whole_chain_gets_another_head
        counters_and_trails_that_were_changed_are_found
        holds_reversals_and_waypoints_that_were_changed_are_found
        a_hold_of_another_size_is_found
        what_is_found_is_told_with_its_place
    }
    seal {
        what_the_database_seals_is_what_the_format_says
        lines_of_the_vectors_keep_their_hash_in_the_database
    }
    statements {
        a_long_account_reads_like_a_plain_list
        nothing_is_lost_at_the_edges_of_waypoints
        a_long_statement_pages_without_gaps
        a_statement_does_not_read_the_whole_journal
    }
    wallets {
        wallets_read_back_as_written
        names_are_unique_for_owner_and_currency
        there_is_one_default
        a_wallet_needs_its_account
        wallets_are_listed_oldest_first
        titles_are_told_of_the_wallets_that_exist
        all_wallets_close_together
        wallets_come_with_their_accounts
        several_balances_are_found_at_once
        a_balance_of_illegal_counters_is_no_answer
        a_question_outlives_a_server_that_hung_up
    }
    transactions {
        every_counterparty_reads_back
        ids_are_unique
        references_are_unique_for_wallet_and_kind
        a_save_writes_what_may_change
        a_found_transaction_is_locked
        unfinished_transactions_are_known_on_either_side
        overdue_transfers_and_payments_are_found
        overdue_transfers_are_not_taken_twice
    }
    transaction_lists {
        a_user_sees_both_sides_once
        a_wallet_sees_both_sides
        every_filter_counts
        text_is_found_in_any_case
        lists_page_without_gaps
        sums_are_less_what_was_refunded
        sums_are_cut_by_time_and_currency
    }
    line_lists {
        a_line_reads_like_a_transaction
        a_found_line_is_locked
        what_went_back_is_shown
        sums_count_lines_and_rows
        text_on_lines_is_found_in_any_case
        what_is_far_back_is_found
        mixed_lists_are_like_a_plain_list
    }
    line_audits {
        a_line_is_its_own_entry
        what_an_actor_did_long_ago_is_found
        the_past_of_a_person_is_found_without_what_came_later_or_before
        mixed_trails_are_like_a_plain_list
    }
    idempotency {
        records_read_back_as_written
        whoever_is_late_changes_nothing
        a_key_is_added_once
        of_two_callers_one_waits
        a_found_key_is_locked
        scopes_do_not_meet
        old_keys_are_forgotten
    }
    notifications {
        every_state_reads_back
        a_save_writes_what_may_change
        an_event_tells_a_person_of_a_thing_once
        of_two_subscribers_one_makes_it
        a_found_notification_is_locked
        what_is_due_comes_longest_due_first
        two_hosts_do_not_claim_the_same
        lists_are_newest_first_and_filtered
        what_a_person_was_told_is_forgotten_together
        what_waits_is_counted_and_what_is_old_is_forgotten
        a_language_is_kept_with_the_person
        impossible_notifications_are_refused_without_the_rules
    }
    payments {
        every_field_reads_back
        ids_and_references_are_unique
        a_save_writes_what_may_change_and_counts
        a_save_of_what_was_changed_in_between_is_refused
        a_found_payment_is_locked
        at_most_one_attempt_funds_a_transaction
        lists_are_newest_first_and_filtered
        impossible_payments_are_refused_without_the_rules
        a_payment_that_cannot_be_is_corrupt
    }
    due_payments {
        one_that_cannot_be_read_holds_up_nobody
        what_is_due_is_claimed_once_and_not_before
        two_hosts_do_not_look_after_the_same
        whoever_is_woken_is_due_and_counted_on
        anything_due_is_payments_and_refunds
        what_waits_is_counted
    }
    refunds {
        every_state_reads_back
        a_key_is_one_refund_of_its_payment
        a_save_writes_what_may_change
        what_is_due_is_claimed_once_and_not_before
        a_dispute_is_put_twice_and_is_one
        impossible_refunds_are_refused_without_the_rules
    }
    inbox {
        webhooks_read_back_newest_first
        the_same_is_said_once_at_each_gateway
        of_two_copies_at_once_one_is_stored
        a_forgery_takes_nobodys_place
        a_payment_is_known_by_either_name
        a_delivery_is_known_by_the_gateways_id
        old_webhooks_are_forgotten_in_parts
    }
    report_papers {
        a_transaction_is_reported_to_a_person_once
        reports_are_listed_newest_first_with_their_number
        sums_of_a_person_are_those_of_the_accounts
    }
    reports {
        nothing_is_counted_before_somebody_begins
        sealed_lines_say_what_moved_between_whom
        stretches_of_any_size_have_every_line_once
        totals_of_a_day_add_up
        whoever_counts_what_was_counted_is_told_so
        of_two_who_count_the_same_one_waits_and_is_late
        a_total_is_read_with_the_position_that_it_belongs_to
        the_plain_count_of_the_journal_knows_days_at_any_offset
        an_ending_is_counted_once
        a_restart_counts_what_has_ended_anew
        a_check_is_of_one_moment
        impossible_totals_are_refused_without_the_rules
    }
    audit_outbox {
        the_trail_is_newest_first_and_pages
        the_trail_is_filtered
        the_trail_is_append_only
        events_appear_with_the_commit
    }
    deliveries {
        deliveries_read_back_as_written
        what_is_kept_stays_as_it_is
        receipts_and_what_is_kept_are_recognised
        many_are_handled_at_once
        a_subject_is_held_up_by_what_waits
        only_the_first_of_a_subject_is_due
        two_hosts_do_not_take_the_same
        dead_letters_are_listed_and_page
        what_is_untold_or_dead_is_counted
        receipts_are_forgotten_by_age
        the_lease_is_one_relays
        what_was_told_is_told
        transfers_come_in_the_order_of_the_seal
        the_bell_rings_when_there_is_something_to_tell
    }
    attendance {
        events_read_back_as_written
        an_event_has_its_id_for_itself
        a_found_event_is_locked_and_a_crowd_at_the_door_is_not
        ticket_types_read_back_and_count
        more_than_the_quota_is_never_issued
        tickets_read_back_and_are_listed
        tickets_of_a_line_are_found_together
        the_name_on_a_ticket_is_sealed_and_forgotten
        revocations_come_in_their_order
        keys_read_back_and_are_sealed
        impossible_records_are_refused_without_the_rules
    }
    door {
        scans_read_back_as_written
        a_code_enters_once
        of_two_who_come_at_once_one_enters
        without_the_index_both_would_enter
        what_is_refused_annulled_or_may_come_back_is_not_counted
        a_nonce_is_used_once
        who_made_a_scan_is_looked_up
        whoever_asks_where_somebody_is_waits
        the_last_place_is_taken_once
        places_are_counted_again_when_an_event_changes
        lists_are_in_order_and_filtered
        what_changed_since_is_found
        a_conflict_has_all_its_passages
    }
    webhooks {
        endpoints_read_back_as_written
        a_found_endpoint_is_locked
        webhooks_read_back_with_their_log
        an_event_goes_to_an_endpoint_once
        what_is_due_is_taken_fairly
        two_hosts_do_not_take_the_same_webhook
        an_endpoint_goes_with_everything
        old_webhooks_are_forgotten_unless_they_wait
    }
    manual_transfers {
        an_amount_is_one_payments_until_its_time_is_over
        of_two_who_want_one_amount_one_gets_it
        proofs_read_back_sealed_and_are_replaced
    }
    stock {
        products_read_back_as_written
        products_are_searched_and_page
        movements_add_up_to_the_counters
        counters_never_leave_their_bounds
        the_stock_journal_is_append_only
        holds_end_by_their_time_or_are_released
        whoever_locks_an_item_is_alone_with_it
        a_recount_finds_what_is_wrong
        a_product_goes_with_its_stock
    }
    orders {
        orders_read_back_as_written
        lines_are_rewritten_as_a_whole
        ids_and_numbers_are_unique
        a_found_order_is_locked
        lists_go_by_the_moment
        what_was_ordered_and_what_is_open_is_known
    }
    bookings {
        one_that_cannot_be_read_holds_up_nobody
        bookings_read_back_as_written
        ids_and_references_at_a_supplier_are_unique
        a_found_booking_is_locked
        what_is_due_is_taken_by_one
        a_knock_wakes_what_waits_and_nothing_else
        lists_are_newest_first_and_filtered
        what_is_forgotten_of_a_user_is_forgotten_of_nobody_else
        what_cannot_be_is_refused_and_what_was_changed_is_corrupt
    }
}
