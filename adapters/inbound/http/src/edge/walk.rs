//! Walks a body along its shape and collects every fault with its place.
//!
//! The words are for the person who wrote the request: what is expected, after the name of the field ("amount must be
//! a whole number"). Unknown fields are tolerated, because the document does not forbid them and a client may be newer
//! than the server. The way to the present value is a chain on the stack, so that a body without faults costs no
//! allocation.

use std::fmt::Display;

use dermaga_domain::error::Fault;
use serde_json::{Map, Value};
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};
use uuid::Uuid;

use super::shape::{Field, Format, Kind, Node, Shape};

/// The largest whole number that every JSON implementation keeps exactly: 2^53 - 1.
pub const EXACT: i64 = (1 << 53) - 1;

/// More faults than this help nobody, and a body of thousands of wrong lines must not become a larger answer.
const MOST_FAULTS: usize = 100;

/// Appends one step to a JSON pointer (RFC 6901).
pub fn push(pointer: &mut String, step: &str) {
    pointer.push('/');
    for character in step.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// The way from the root of the body to a value in it.
#[derive(Clone, Copy)]
enum Trail<'t> {
    Root,
    Field(&'t Trail<'t>, &'t str),
    Item(&'t Trail<'t>, usize),
}

impl Trail<'_> {
    fn pointer(&self) -> String {
        match self {
            Trail::Root => String::new(),
            Trail::Field(up, name) => {
                let mut pointer = up.pointer();
                push(&mut pointer, name);
                pointer
            }
            Trail::Item(up, index) => format!("{}/{index}", up.pointer()),
        }
    }
}

/// All faults of `value`, which is brought to its plain form on the way (`5.0` for an integer becomes `5`).
pub(super) fn faults(shape: &Shape, value: &mut Value) -> Vec<Fault> {
    let mut walk = Walk { nodes: &shape.nodes, faults: Vec::new() };
    walk.visit(shape.root, value, Trail::Root);
    walk.faults
}

struct Walk<'a> {
    nodes: &'a [Node],
    faults: Vec<Fault>,
}

impl Walk<'_> {
    fn fault(&mut self, at: Trail, detail: impl Display) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(Fault::new(at.pointer(), detail));
        }
    }

    fn visit(&mut self, place: usize, value: &mut Value, at: Trail) {
        if value.is_null() && self.takes_null(place) {
            return;
        }
        let node = &self.nodes[place];
        let before = self.faults.len();
        match (&node.kind, &mut *value) {
            (Kind::Any, _) | (Kind::Boolean, Value::Bool(_)) => {}
            (Kind::Integer { min, max }, Value::Number(_)) => self.integer(*min, *max, value, at),
            (Kind::Number { min, max }, Value::Number(number)) => self.number(*min, *max, number.as_f64(), at),
            (Kind::Text { min, max, format }, Value::String(text)) => {
                self.length(*min, *max, text, at);
                self.format(*format, text, at);
            }
            (Kind::List { items, min, max }, Value::Array(list)) => self.list(*items, *min, *max, list, at),
            (Kind::Object { fields, others }, Value::Object(object)) => self.object(fields, *others, object, at),
            (Kind::Tagged { tag, variants }, Value::Object(object)) => {
                if let Some(variant) = self.chosen(tag, variants, object, at) {
                    self.visit(variant, value, at);
                }
            }
            (Kind::OneOf(choices), _) => self.one_of(choices, value, at),
            (Kind::AllOf(parts), _) => parts.iter().for_each(|part| self.visit(*part, value, at)),
            (expected, found) => self.fault(at, mismatch(expected, found)),
        }
        // A value of the wrong type needs no second fault for not being one of the right ones.
        if !node.allowed.is_empty() && self.faults.len() == before && !node.allowed.contains(value) {
            self.fault(at, listed(node.allowed.iter().filter_map(Value::as_str)));
        }
    }

    fn takes_null(&self, place: usize) -> bool {
        let node = &self.nodes[place];
        node.nullable
            || match &node.kind {
                Kind::Any => true,
                Kind::OneOf(choices) => choices.iter().any(|choice| self.nodes[*choice].nullable),
                _ => false,
            }
    }

    fn integer(&mut self, min: i64, max: i64, value: &mut Value, at: Trail) {
        let whole = match (value.as_i64(), value.as_f64()) {
            (Some(whole), _) => whole,
            (None, Some(float)) if float.fract() != 0.0 => return self.fault(at, "must be a whole number"),
            // 5.0 and 1e3 are whole numbers too, only written at length. The conversion saturates.
            (None, float) => {
                let whole = float.unwrap_or(f64::INFINITY) as i64;
                *value = Value::from(whole);
                whole
            }
        };
        if whole < min {
            self.fault(at, format_args!("must be at least {min}"));
        } else if whole > max {
            self.fault(at, format_args!("must be at most {max}"));
        }
    }

    fn number(&mut self, min: f64, max: f64, number: Option<f64>, at: Trail) {
        let number = number.unwrap_or_default();
        if number < min {
            self.fault(at, format_args!("must be at least {min}"));
        } else if number > max {
            self.fault(at, format_args!("must be at most {max}"));
        }
    }

    fn length(&mut self, min: usize, max: usize, text: &str, at: Trail) {
        let short = min > 0 && text.chars().take(min).count() < min;
        // As many bytes as allowed characters are never too many.
        let long = text.len() > max && text.chars().count() > max;
        match (min, max) {
            _ if !short && !long => {}
            (1, usize::MAX) => self.fault(at, "must not be empty"),
            (_, usize::MAX) => self.fault(at, format_args!("must have at least {min} characters")),
            (0, _) => self.fault(at, format_args!("must have at most {max} characters")),
            _ => self.fault(at, format_args!("must have {min} to {max} characters")),
        }
    }

    fn format(&mut self, format: Format, text: &str, at: Trail) {
        match format {
            Format::Free => {}
            Format::Uuid if Uuid::try_parse(text).is_ok() => {}
            Format::Time if OffsetDateTime::parse(text, &Rfc3339).is_ok() => {}
            Format::Date if Date::parse(text, format_description!("[year]-[month]-[day]")).is_ok() => {}
            Format::Uuid => self.fault(at, "must be a UUID"),
            Format::Time => self.fault(at, "must be a time such as 2026-01-31T09:30:00Z"),
            Format::Date => self.fault(at, "must be a date such as 2026-01-31"),
        }
    }

    fn list(&mut self, items: usize, min: usize, max: usize, list: &mut [Value], at: Trail) {
        if list.len() < min {
            self.fault(at, format_args!("must have at least {min} entries"));
        } else if list.len() > max {
            return self.fault(at, format_args!("must have at most {max} entries"));
        }
        for (index, item) in list.iter_mut().enumerate() {
            self.visit(items, item, Trail::Item(&at, index));
        }
    }

    fn object(&mut self, fields: &[Field], others: Option<usize>, object: &mut Map<String, Value>, at: Trail) {
        for field in fields {
            let at = Trail::Field(&at, field.name);
            match object.get_mut(field.name) {
                None if field.required => self.fault(at, "is required"),
                None => {}
                Some(Value::Null) if !field.required && !self.takes_null(field.node) => {
                    self.fault(at, "must not be null; leave it out instead");
                }
                Some(value) => self.visit(field.node, value, at),
            }
        }
        let Some(others) = others else { return };
        for (name, value) in object.iter_mut() {
            if !fields.iter().any(|field| field.name == name) {
                self.visit(others, value, Trail::Field(&at, name));
            }
        }
    }

    /// Which variant the tag chooses; the fault is told when it chooses none.
    fn chosen(
        &mut self,
        tag: &str,
        variants: &[(String, usize)],
        object: &Map<String, Value>,
        at: Trail,
    ) -> Option<usize> {
        let said = object.get(tag);
        let chosen = variants.iter().find(|(name, _)| said.and_then(Value::as_str) == Some(name));
        if chosen.is_none() {
            let names = listed(variants.iter().map(|(name, _)| name.as_str()));
            let at = Trail::Field(&at, tag);
            match said {
                None => self.fault(at, format_args!("is required and {names}")),
                Some(_) => self.fault(at, names),
            }
        }
        chosen.map(|&(_, variant)| variant)
    }

    /// The first choice without faults is taken. When there is only one, its own faults say more than a summary.
    fn one_of(&mut self, choices: &[usize], value: &mut Value, at: Trail) {
        if let [only] = choices {
            return self.visit(*only, value, at);
        }
        for choice in choices {
            let mut tried = value.clone();
            let mut attempt = Walk { nodes: self.nodes, faults: Vec::new() };
            attempt.visit(*choice, &mut tried, Trail::Root);
            if attempt.faults.is_empty() {
                *value = tried;
                return;
            }
        }
        self.fault(at, "fits none of the forms allowed here");
    }
}

fn mismatch(expected: &Kind, found: &Value) -> String {
    let expected = match expected {
        Kind::Boolean => "true or false",
        Kind::Integer { .. } => "a whole number",
        Kind::Number { .. } => "a number",
        Kind::Text { .. } => "a text",
        Kind::List { .. } => "a list",
        _ => "an object",
    };
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("must be {expected}, not {found}")
}

fn listed<'s>(names: impl Iterator<Item = &'s str>) -> String {
    format!("must be one of {}", names.collect::<Vec<_>>().join(", "))
}
