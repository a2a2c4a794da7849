//! A subscriber that notes what it hears and fails when it is told to.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use dermaga_ports::{
    events::{Event, NotHandled, Subscriber},
    ids::EventId,
};

type Failing = Box<dyn Fn(&Event) -> Option<NotHandled> + Send + Sync>;

/// Notes what it hears.
pub struct Ear {
    name: &'static str,
    topics: &'static [&'static str],
    heard: Mutex<Vec<Event>>,
    asked: Mutex<HashMap<EventId, usize>>,
    failing: Mutex<Option<Failing>>,
}

impl Ear {
    pub fn on(name: &'static str, topics: &'static [&'static str]) -> Arc<Self> {
        let (heard, asked, failing) = (Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Self { name, topics, heard, asked, failing })
    }

    /// From now on it fails when this says so.
    pub fn fails(&self, failing: impl Fn(&Event) -> Option<NotHandled> + Send + Sync + 'static) {
        *self.failing.lock().expect("no panic") = Some(Box::new(failing));
    }

    /// From now on it handles everything.
    pub fn is_well(&self) {
        *self.failing.lock().expect("no panic") = None;
    }

    /// What it has handled, in order.
    pub fn heard(&self) -> Vec<Event> {
        self.heard.lock().expect("no panic").clone()
    }

    pub fn ids(&self) -> Vec<EventId> {
        self.heard().into_iter().map(|event| event.id).collect()
    }

    pub fn count(&self) -> usize {
        self.heard.lock().expect("no panic").len()
    }

    /// How often it was handed an event, well or not.
    pub fn asked(&self, event: &Event) -> usize {
        self.asked.lock().expect("no panic").get(&event.id).copied().unwrap_or_default()
    }
}

#[async_trait]
impl Subscriber for Ear {
    fn name(&self) -> &'static str {
        self.name
    }

    fn topics(&self) -> &'static [&'static str] {
        self.topics
    }

    async fn handle(&self, event: &Event) -> Result<(), NotHandled> {
        *self.asked.lock().expect("no panic").entry(event.id).or_default() += 1;
        let refused = self.failing.lock().expect("no panic").as_ref().and_then(|failing| failing(event));
        if let Some(reason) = refused {
            return Err(reason);
        }
        self.heard.lock().expect("no panic").push(event.clone());
        Ok(())
    }
}
