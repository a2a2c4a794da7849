//! No secret and no person in a log, an error or a Debug text, whatever a supplier says back.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use dermaga_ports::{
    booking::{BookFerry, FerrySupplier, FlightSupplier, HotelSupplier, Paying, Payload, PpobSupplier},
    system::ManualClock,
};
use dermaga_suppliers::{Digiflazz, DigiflazzConfig, Duffel, DuffelConfig, Ferry, FerryConfig, Secret};
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    ferries, flights,
    kit::{adult, contact, rupiah, start, with_nik, with_passport},
    ppob::{asked, purchase},
    stage,
    stub::{Reply, Stub},
};

/// A log that can be read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

const DUFFEL_TOKEN: &str = "duffel_test_EXAMPLE000000000001";
const FERRY_TOKEN: &str = "ferry_test_EXAMPLE0000000000002";
const DIGIFLAZZ_KEY: &str = "dev-EXAMPLE-0000-0000-0000-0000003";
const WEBHOOK_SECRET: &str = "whsec-EXAMPLE-0000-0000-000000004";

/// Everything that nobody may read.
const HIDDEN: [&str; 9] = [
    DUFFEL_TOKEN,
    FERRY_TOKEN,
    DIGIFLAZZ_KEY,
    WEBHOOK_SECRET,
    "087800001230",
    "X12345678",
    "3171012407870001",
    "budi@example.com",
    "+6281234567890",
];

fn duffel_config(url: &str) -> DuffelConfig {
    let webhook_secret = Some(Secret::new(WEBHOOK_SECRET));
    DuffelConfig { token: Secret::new(DUFFEL_TOKEN), webhook_secret, ..stage::duffel_config(url) }
}

fn ferry_config(url: &str) -> FerryConfig {
    let webhook_secret = Some(Secret::new(WEBHOOK_SECRET));
    FerryConfig { token: Secret::new(FERRY_TOKEN), webhook_secret, ..stage::ferry_config(url) }
}

fn digiflazz_config(url: &str) -> DigiflazzConfig {
    let webhook_secret = Some(Secret::new(WEBHOOK_SECRET));
    DigiflazzConfig { key: Secret::new(DIGIFLAZZ_KEY), webhook_secret, ..stage::digiflazz_config(url) }
}

/// Suppliers that say everything back that they were told.
fn echoes() -> Vec<Reply> {
    let told = HIDDEN.join(" ");
    let refusal = format!(
        r#"{{"errors":[{{"type":"validation_error","code":"validation_format","message":"{told}","title":"{told}",
            "source":{{"field":"{told}","pointer":"/data/{told}"}}}}]}}"#
    );
    let digiflazz =
        format!(r#"{{"data":{{"ref_id":"BKG-1","status":"Gagal","rc":"54","message":"{told}","sn":"{told}"}}}}"#);
    let success = format!(
        r#"{{"data":{{"ref_id":"BKG-1","status":"Sukses","rc":"00","message":"{told}","sn":"","customer_no":"{told}",
            "customer_name":"{told}","username":"{told}","sign":"{told}"}}}}"#
    );
    vec![
        Reply::Json(422, refusal.clone()),
        Reply::Json(500, refusal),
        Reply::Json(200, digiflazz),
        Reply::Json(200, success),
        Reply::Json(200, format!("{{\"{told}\"")),
        Reply::Json(503, told),
        Reply::Cut,
        Reply::Moved("http://127.0.0.1:9/".to_owned()),
    ]
}

#[tokio::test]
async fn trap_29_no_secret_and_no_person_is_told_by_logs_errors_or_what_is_kept() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let clock = || Arc::new(ManualClock::at(start()));
    let mut told = String::new();
    for reply in echoes() {
        let stub = Stub::answering([reply]).await;
        let duffel = Duffel::new(duffel_config(&stub.url), clock()).expect("configured");
        let ferry = Ferry::new(ferry_config(&stub.url), clock()).expect("configured");
        let digiflazz = Digiflazz::new(digiflazz_config(&stub.url), clock()).expect("configured");
        let offer = Payload(r#"{"offer":"off_1","passengers":[["pas_1","adult"]]}"#.to_owned());
        let flight = dermaga_ports::booking::BookFlight {
            reference: "BKG-1".to_owned(),
            offer: offer.clone(),
            travellers: vec![with_passport(adult())],
            contact: contact(),
            max_total: rupiah(1),
            paying: Paying::Later,
        };
        let crossing = BookFerry {
            reference: "BKG-1".to_owned(),
            quote: Payload("quo_1".to_owned()),
            contact: contact(),
            passengers: vec![with_nik(adult())],
            vehicle: None,
            max_total: rupiah(1),
            paying: Paying::Now,
        };
        told.push_str(&format!("{:?}", FlightSupplier::search(&duffel, &flights::search("CGK", "DPS")).await));
        told.push_str(&format!(
            "{:?} {:?}",
            duffel.reprice(&offer).await,
            FlightSupplier::book(&duffel, &flight).await
        ));
        told.push_str(&format!(
            "{:?} {:?}",
            FlightSupplier::read(&duffel, "ord_1").await,
            HotelSupplier::read(&duffel, "bok_1").await
        ));
        told.push_str(&format!(
            "{:?} {:?}",
            ferry.departures(&ferries::search(1, None)).await,
            ferry.book(&crossing).await
        ));
        let order = purchase("BKG-1", "xld10", "087800001230");
        told.push_str(&format!("{:?} {:?}", digiflazz.buy(&order).await, digiflazz.status(&asked(&order)).await));
        told.push_str(&format!("{:?}", digiflazz.pln_customer(&"087800001230".into()).await));
        told.push_str(&format!("{flight:?} {crossing:?} {order:?}"));
        told.push_str(&format!("{:?}", duffel_config(&stub.url)));
        told.push_str(&format!("{:?} {:?}", ferry_config(&stub.url), digiflazz_config(&stub.url)));
        for seen in stub.seen() {
            assert!(HIDDEN.iter().all(|secret| !seen.line.contains(secret)), "in an address: {}", seen.line);
        }
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let logged = String::from_utf8(log.0.lock().expect("not poisoned").clone()).expect("text");
    assert!(logged.contains("Duffel search") && logged.contains("Digiflazz purchase"), "something was logged");
    for secret in HIDDEN {
        let place = told.find(secret).map(|at| told[at.saturating_sub(120)..].chars().take(240).collect::<String>());
        assert_eq!(place, None, "{secret} is told");
        let line = logged.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is logged: {}", line.unwrap_or_default());
    }
}

#[test]
fn a_key_of_the_other_environment_does_not_start() {
    use dermaga_suppliers::{ConfigError, Environment};
    let clock = || Arc::new(ManualClock::at(start()));
    let duffel = |environment, token: &str| Duffel::new(DuffelConfig::new(environment, token), clock()).err();
    assert_eq!(duffel(Environment::Production, "duffel_test_x"), Some(ConfigError::TestKey("Duffel token")));
    assert_eq!(duffel(Environment::Sandbox, "duffel_live_x"), Some(ConfigError::ProductionKey("Duffel token")));
    assert_eq!(duffel(Environment::Production, "duffel_live_x"), None);
    let production = DigiflazzConfig::new(Environment::Production, "user", "dev-x");
    assert_eq!(Digiflazz::new(production, clock()).err(), Some(ConfigError::TestKey("Digiflazz key")));
}
