//! The disk is full. Whoever writes is told to come back, whoever reads is served, and when there is room again
//! everything goes on without anybody doing anything.

use std::{process::Command, sync::Arc};

use dermaga_tests::{
    client::{Client, Person},
    deployment::{Deployment, assert_books_are_whole},
    disks::{Ceiling, SmallDisk},
    hosts::{Folder, Host},
    patience::within,
    postgres::Server,
};

use crate::load::{CLIENTS, Load};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_on_a_full_disk_refuses_and_recovers() {
    let room = match SmallDisk::new(24) {
        Ok(disk) => Room::Disk(disk.into()),
        Err(reason) => {
            // The same journey with what everybody may do: no room in the files, if not on the disk.
            eprintln!("no small disk here ({reason}): limiting the size of files instead");
            Room::files()
        }
    };
    within(120, sqlite_runs_out_of(room)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_in_a_file_that_cannot_grow_refuses_and_recovers() {
    within(120, sqlite_runs_out_of(Room::files())).await;
}

/// What a SQLite file has, and what ends.
#[derive(Clone)]
enum Room {
    Disk(Arc<SmallDisk>),
    Files(Folder),
}

impl Room {
    fn files() -> Self {
        Self::Files(Folder::new())
    }

    fn url(&self) -> String {
        let place = match self {
            Self::Disk(disk) => disk.place(),
            Self::Files(folder) => folder.path(),
        };
        format!("sqlite:{}/dermaga.db", place.display())
    }

    fn adapt(&self, command: &Command) -> Command {
        match self {
            Self::Disk(disk) => disk.beside(command),
            Self::Files(_) => Ceiling::below(command),
        }
    }

    fn end(&self, host: &Host) {
        match self {
            Self::Disk(disk) => disk.fill(),
            Self::Files(_) => Ceiling::lower(host.pid()),
        }
    }

    fn begin(&self, host: &Host) {
        match self {
            Self::Disk(disk) => disk.empty(),
            Self::Files(_) => Ceiling::lift(host.pid()),
        }
    }

    /// What the operator reads in the log.
    fn reason(&self) -> &'static str {
        match self {
            Self::Disk(_) => "the disk is full",
            // SQLite says no more than that a write failed.
            Self::Files(_) => "the disk failed",
        }
    }
}

async fn sqlite_runs_out_of(room: Room) {
    let commands = room.clone();
    let deployment = Deployment::adapted(&room.url(), move |command| commands.adapt(&command));
    let host = deployment.host();
    let (ani, budi) = (Client::person(&host, "ani", 1_000_000).await, Client::person(&host, "budi", 0).await);
    let load = Load::start(&ani, &budi);
    load.goes_on_for(100).await;

    room.end(&host);
    load.is_refused(4 * CLIENTS).await;
    assert!(host.log().contains(room.reason()), "{}", host.log());
    everything_can_be_read(&host, &ani).await;

    room.begin(&host);
    load.goes_on_for(100).await;
    let notes = load.stop().await;
    // A full disk, unlike a lost connection, leaves nothing open: what was refused did not happen.
    notes.all_answered_are_there(&ani).await;
    notes.nothing_else_moved(&budi).await;
    assert_books_are_whole(&host).await;
    deployment.verify();
}

async fn everything_can_be_read(host: &Host, person: &Person) {
    let client = &person.client;
    let wallet = format!("/wallets/{}/balance", person.wallet);
    for path in ["/auth/me", "/wallets", "/transactions", &wallet] {
        client.get(path).await.expect(200);
    }
    assert_eq!(reqwest::get(host.url("/health/live")).await.expect("answers").status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_on_a_full_disk_refuses_and_recovers() {
    let disk = SmallDisk::new(40);
    let disk =
        disk.expect("a disk that can be filled: root or a kernel that lets anybody have a namespace of their own");
    within(150, async {
        // The tables are on the small disk and the log of the server is not: it lives, and says what is wrong.
        let server = Server::start_on(&disk).await;
        let folder = disk.server_folder("tables");
        let tablespace = format!("CREATE TABLESPACE small LOCATION '{}'", folder.display());
        server.execute("postgres", &tablespace).await.expect("creates");
        server.execute("postgres", "CREATE DATABASE shop TABLESPACE small").await.expect("creates");
        let deployment = Deployment::on(&server.url("shop"));
        let host = deployment.host();
        let (ani, budi) = (Client::person(&host, "ani", 1_000_000).await, Client::person(&host, "budi", 0).await);
        let load = Load::start(&ani, &budi);
        load.goes_on_for(100).await;

        disk.fill();
        load.is_refused(4 * CLIENTS).await;
        assert!(host.log().contains("the disk is full"), "{}", host.log());
        everything_can_be_read(&host, &ani).await;

        disk.empty();
        load.goes_on_for(100).await;
        let notes = load.stop().await;
        notes.all_answered_are_there(&ani).await;
        notes.nothing_else_moved(&budi).await;
        assert_books_are_whole(&host).await;
        deployment.verify();
    })
    .await;
}
