//! Scripts for payments that do not bring one: the application makes its own references, and a test on its outside
//! cannot put a token into them.
//!
//! A plan waits for a payment as a fault waits for a call. What a reference has met at first it keeps, so that a repeated
//! call meets the same script and takes nobody else's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{faults::like, script::Script};

/// Which payments a plan is for. What is not said matches everything; `*` stands for any text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    /// The provider: `midtrans` or `xendit`.
    pub provider: Option<String>,
    /// The caller's reference.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// The amount.
    pub amount: Option<i64>,
}

/// A script that waits for payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Its number.
    #[serde(default, skip_deserializing)]
    pub id: u64,
    /// Which payments.
    #[serde(default, rename = "match")]
    pub wanted: Wanted,
    /// What shall happen to them.
    #[serde(deserialize_with = "known")]
    pub script: String,
    /// How many payments; one if nothing is said.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

/// Here nobody meant a token to be something else, so an unknown one is a mistake.
fn known<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let script = Script::parse(&text);
    if !text.starts_with('~') {
        return Err(serde::de::Error::custom(format!("{text:?} is no script: write tokens such as ~pay1s~dup3")));
    }
    match script.unknown.first() {
        Some(token) => Err(serde::de::Error::custom(format!("nobody knows the token {token}"))),
        None => Ok(text),
    }
}

/// All plans.
#[derive(Debug, Default)]
pub struct Plans {
    plans: Vec<Plan>,
    bound: BTreeMap<(String, String), Option<String>>,
    last: u64,
}

impl Plans {
    /// One more.
    pub fn add(&mut self, mut plan: Plan) -> u64 {
        self.last += 1;
        plan.id = self.last;
        self.plans.push(plan);
        self.last
    }

    /// Those that wait.
    pub fn list(&self) -> &[Plan] {
        &self.plans
    }

    /// Forgets those that wait. What has begun goes on.
    pub fn clear(&mut self) {
        self.plans.clear();
    }

    /// The script that was planned for this payment, if any.
    pub fn script(&mut self, provider: &str, reference: &str, amount: i64) -> Option<String> {
        let key = (provider.to_owned(), reference.to_owned());
        if let Some(script) = self.bound.get(&key) {
            return script.clone();
        }
        let fits = |plan: &Plan| {
            like(plan.wanted.provider.as_deref(), Some(provider))
                && like(plan.wanted.reference.as_deref(), Some(reference))
                && plan.wanted.amount.is_none_or(|wanted| wanted == amount)
        };
        let place = self.plans.iter().position(fits);
        let script = place.map(|place| self.take(place));
        self.bound.insert(key, script.clone());
        script
    }

    fn take(&mut self, place: usize) -> String {
        let plan = &mut self.plans[place];
        let script = plan.script.clone();
        plan.times = plan.times.saturating_sub(1);
        if plan.times == 0 {
            self.plans.remove(place);
        }
        script
    }
}

/// What the last three digits of an amount stand for, where that is switched on.
pub fn magic(amount: i64) -> Option<&'static str> {
    Some(match amount % 1_000 {
        901 => "~deny",
        902 => "~challenge",
        903 => "~reorder~pay1s",
        904 => "~exp5s",
        905 => "~latepay",
        906 => "~hang.after",
        907 => "~dup3~pay1s",
        908 => "~reverse180s",
        909 => "~badsig",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan(value: serde_json::Value) -> Plan {
        serde_json::from_value(value).expect("a plan")
    }

    #[test]
    fn a_plan_is_for_as_many_payments_as_was_said_and_stays_with_them() {
        let mut plans = Plans::default();
        plans.add(plan(json!({"match": {"provider": "midtrans", "amount": 5}, "script": "~deny"})));
        plans.add(plan(json!({"match": {"ref": "A-*"}, "script": "~pay1s", "times": 2})));
        assert_eq!(plans.script("midtrans", "B-1", 6), None);
        assert_eq!(plans.script("xendit", "B-1", 5), None);
        for reference in ["A-1", "A-2", "A-1"] {
            assert_eq!(plans.script("xendit", reference, 6).as_deref(), Some("~pay1s"));
        }
        assert_eq!(plans.script("xendit", "A-3", 6), None);
        assert_eq!(plans.script("midtrans", "A-3", 5).as_deref(), Some("~deny"));
        plans.add(plan(json!({"script": "~pay1s"})));
        assert_eq!(plans.script("xendit", "B-1", 5), None, "it was met without one");
        assert_eq!(plans.script("xendit", "B-2", 5).as_deref(), Some("~pay1s"));
        assert_eq!(plans.list(), []);
    }

    #[test]
    fn a_plan_without_a_script_is_refused() {
        for (script, told) in [("pay1s", "no script"), ("", "no script"), ("~pay1s~fly", "~fly")] {
            let error = serde_json::from_value::<Plan>(json!({"script": script})).expect_err("refused");
            assert!(error.to_string().contains(told), "{error}");
        }
    }
}
