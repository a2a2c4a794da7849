//! Which test runs on what.

/// One test for each function, bus and database: `buses::rabbit::postgres::duplicates_are_recognised`.
macro_rules! on_every_bus {
    ($($name:ident)*) => {
        $crate::schemes::on_every_bus!(bus in_process, InProcess, $($name)*);
        $crate::schemes::on_every_bus!(bus rabbit, Rabbit, $($name)*);
    };
    (bus $bus:ident, $way:ident, $($name:ident)*) => {
        mod $bus {
            $crate::schemes::on_every_bus!(engine sqlite, Sqlite, $way, $($name)*);
            $crate::schemes::on_every_bus!(engine postgres, Postgres, $way, $($name)*);
        }
    };
    (engine $engine:ident, $variant:ident, $way:ident, $($name:ident)*) => {
        mod $engine {
            use dermaga_tests::databases::{Database, Engine};

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let database = Database::migrated(Engine::$variant).await;
                super::super::$name(&database, $crate::house::Way::$way).await;
                database.dispose().await;
            })*
        }
    };
}

/// One test for each function and database.
macro_rules! on_every_database {
    ($($name:ident)*) => {
        $crate::schemes::on_every_database!(engine sqlite, Sqlite, $($name)*);
        $crate::schemes::on_every_database!(engine postgres, Postgres, $($name)*);
    };
    (engine $engine:ident, $variant:ident, $($name:ident)*) => {
        mod $engine {
            use dermaga_tests::databases::{Database, Engine};

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let database = Database::migrated(Engine::$variant).await;
                super::$name(&database).await;
                database.dispose().await;
            })*
        }
    };
}

pub(crate) use {on_every_bus, on_every_database};
