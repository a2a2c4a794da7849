//! Caches: what the port promises, of each of them, and what a server that is away does to nobody.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use dermaga_cache::{BadUrl, InProcess, Redis};
use dermaga_ports::cache::{Cache, MAX_KEY, MAX_VALUE};
use dermaga_tests::redis::Server;

const LONG: Duration = Duration::from_secs(3_600);

/// The server of this process, and a place of its own in it for each test.
fn redis() -> Redis {
    static SERVER: std::sync::OnceLock<Server> = std::sync::OnceLock::new();
    static PLACES: AtomicU64 = AtomicU64::new(0);
    let url = SERVER.get_or_init(Server::start).url();
    let cache = Redis::new(&url, format!("test{}:", PLACES.fetch_add(1, Ordering::Relaxed))).expect("an address");
    // A busy machine is no reason for a miss here.
    cache.with_patience(Duration::from_secs(10))
}

fn caches() -> [(&'static str, Box<dyn Cache>); 2] {
    [("in the process", Box::new(InProcess::with_room_for(8 << 20))), ("Redis", Box::new(redis()))]
}

#[tokio::test]
async fn what_was_put_is_got_and_the_last_one_wins() {
    for (name, cache) in caches() {
        assert_eq!(cache.get("a").await, None, "{name}");
        cache.put("a", b"one", LONG).await;
        cache.put("a", b"two\0\xff", LONG).await;
        cache.put("b", b"", LONG).await;
        assert_eq!(cache.get("a").await.as_deref(), Some(&b"two\0\xff"[..]), "{name}");
        assert_eq!(cache.get("b").await.as_deref(), Some(&b""[..]), "{name}: nothing is something");
        cache.forget("a").await;
        cache.forget("never").await;
        assert_eq!(cache.get("a").await, None, "{name}");
    }
}

#[tokio::test]
async fn nothing_outlives_its_time_and_each_has_its_own() {
    for (name, cache) in caches() {
        cache.put("short", b"x", Duration::from_millis(60)).await;
        cache.put("long", b"x", LONG).await;
        cache.put("renewed", b"x", Duration::from_millis(60)).await;
        cache.put("renewed", b"y", LONG).await;
        cache.put("shortened", b"x", LONG).await;
        cache.put("shortened", b"y", Duration::from_millis(60)).await;
        tokio::time::sleep(Duration::from_millis(120)).await;
        assert_eq!(cache.get("short").await, None, "{name}");
        assert_eq!(cache.get("shortened").await, None, "{name}");
        assert!(cache.get("long").await.is_some(), "{name}");
        assert_eq!(cache.get("renewed").await.as_deref(), Some(&b"y"[..]), "{name}");
    }
}

#[tokio::test]
async fn what_is_not_kept_forgets_what_was_there() {
    let (long, large) = ("k".repeat(MAX_KEY + 1), vec![0; MAX_VALUE + 1]);
    for (name, cache) in caches() {
        cache.put("a", b"old", LONG).await;
        cache.put("a", &large, LONG).await;
        assert_eq!(cache.get("a").await, None, "{name}: too large");
        cache.put("a", b"old", LONG).await;
        cache.put("a", b"new", Duration::ZERO).await;
        assert_eq!(cache.get("a").await, None, "{name}: for no time");
        cache.put(&long, b"x", LONG).await;
        assert_eq!(cache.get(&long).await, None, "{name}: under too long a key");
        cache.put(&"k".repeat(MAX_KEY), &vec![7; MAX_VALUE], LONG).await;
        assert_eq!(cache.get(&"k".repeat(MAX_KEY)).await.map(|value| value.len()), Some(MAX_VALUE), "{name}");
    }
}

#[tokio::test]
async fn the_one_in_the_process_has_an_end() {
    let cache = InProcess::with_room_for(10_000);
    for number in 0..1_000 {
        cache.put(&format!("key-{number}"), &[0; 100], LONG).await;
    }
    assert!(cache.bytes() <= 10_000, "{}", cache.bytes());
}

#[tokio::test]
async fn places_in_one_redis_do_not_meet() {
    let (one, other) = (redis(), redis());
    one.put("a", b"x", LONG).await;
    assert_eq!(other.get("a").await, None);
    let again = one.clone();
    assert!(again.get("a").await.is_some(), "hosts with one prefix share it");
}

#[tokio::test]
async fn a_redis_that_is_away_is_a_miss_and_comes_back() {
    let server = Server::start();
    let cache = Redis::new(&server.url(), "t:").expect("an address").with_patience(Duration::from_secs(5));
    cache.put("a", b"x", LONG).await;
    assert!(cache.get("a").await.is_some());
    server.kill();
    let begun = Instant::now();
    for _ in 0..50 {
        assert_eq!(cache.get("a").await, None);
        cache.put("a", b"x", LONG).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "nobody waits for it: {:?}", begun.elapsed());
    server.restart();
    let deadline = Instant::now() + Duration::from_secs(10);
    while cache.get("b").await.is_none() {
        assert!(Instant::now() < deadline, "it is used again");
        cache.put("b", b"x", LONG).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_redis_that_hangs_is_waited_for_once_in_a_while() {
    let server = Server::start();
    let cache = Redis::new(&server.url(), "t:").expect("an address");
    cache.put("a", b"x", LONG).await;
    server.freeze();
    let begun = Instant::now();
    for _ in 0..100 {
        assert_eq!(cache.get("a").await, None);
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    server.thaw();
}

#[tokio::test]
async fn a_host_starts_without_redis() {
    let nobody = Redis::new("redis://127.0.0.1:1/0", "t:").expect("an address");
    nobody.put("a", b"x", LONG).await;
    assert_eq!(nobody.get("a").await, None);
}

#[test]
fn an_address_that_is_none_is_told_without_repeating_it() {
    let told = Redis::new("http://user:SECRET@x", "t:").expect_err("no Redis");
    assert_eq!(told, BadUrl);
    assert!(Redis::new("rediss://127.0.0.1:1/0", "t:").is_err(), "it is not spoken to in the clear instead");
    assert!(!told.to_string().contains("SECRET"));
    let cache = Redis::new("redis://:SECRET@127.0.0.1:1/0", "t:").expect("an address");
    assert!(!format!("{cache:?}").contains("SECRET"));
}
