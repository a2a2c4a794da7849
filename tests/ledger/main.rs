//! The ledger, decided by `domain` and kept by each database, with and without the decorator that coalesces.
//!
//! - [`tables`]: rows of operations with the balances after them, as an accountant would check them.
//! - [`contract`]: what the ledger port promises, whoever implements it.
//! - [`crowd`]: many spenders of one balance at once.
//! - [`posters`]: two hosts that write the same accounts.
//! - [`model`]: random operations against an independent model.

mod contract;
mod crowd;
mod model;
mod posters;
mod tables;
mod world;

/// One test for each function and database, with and without the decorator that coalesces.
macro_rules! everywhere {
    ($($module:ident { $($name:ident)* })*) => {
        everywhere!(place sqlite, Sqlite, false, $($module { $($name)* })*);
        everywhere!(place postgres, Postgres, false, $($module { $($name)* })*);
        everywhere!(place coalesced_sqlite, Sqlite, true, $($module { $($name)* })*);
        everywhere!(place coalesced_postgres, Postgres, true, $($module { $($name)* })*);
    };
    (place $place:ident, $variant:ident, $coalesced:literal, $($module:ident { $($name:ident)* })*) => {
        mod $place {
            $(mod $module {
                use dermaga_tests::databases::Engine;

                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let world = crate::world::World::on(Engine::$variant, $coalesced).await;
                    crate::$module::$name(&world).await;
                    world.end().await;
                })*
            })*
        }
    };
}

everywhere! {
    tables {
        money_goes_round
        holds_reserve_and_release
        deadlines_count_by_themselves
        reversals_stop_at_the_original
        linked_transfers_stand_or_fall_together
        the_same_id_moves_money_once
    }
    contract {
        an_answer_carries_the_balances
        a_refusal_does_not_hinder_its_neighbours
        later_postings_see_earlier_ones
        a_repeated_batch_changes_nothing
        papers_are_filed_once
        every_refusal_has_its_reason
        an_account_has_one_line_at_a_time
        balances_are_known_at_every_past_moment
    }
    crowd {
        exactly_what_fits_succeeds
        without_a_floor_everything_succeeds
        opposite_transfers_do_not_deadlock
        one_id_from_many_callers_moves_money_once
        one_hold_is_settled_once
    }
    posters {
        what_is_remembered_is_no_answer
        two_that_write_by_turns_agree
        who_meets_another_writer_takes_locks_for_a_while
    }
}
