//! The shape a type promised, made ready for checking bodies against it.
//!
//! poem-openapi parses field by field and stops at the first fault, with words about Rust types and no place. A caller
//! with five faults would need five attempts. So before a body is parsed it is compared with the schema its type
//! registered for the OpenAPI document, which is what the caller was shown. The schema is turned into a shape once
//! per type; per request nothing is looked up by name and nothing is built unless there is a fault to tell.

use std::{
    any::TypeId,
    collections::HashMap,
    sync::{LazyLock, PoisonError, RwLock},
};

use dermaga_domain::error::Fault;
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde_json::Value;

pub use super::walk::push;
use super::walk::{self, EXACT};

/// Everything in `value` that a `T` cannot be made of. Whole numbers written as `5.0` become `5` on the way.
pub fn faults<T: Type + 'static>(value: &mut Value) -> Vec<Fault> {
    if !T::IS_REQUIRED && value.is_null() {
        return Vec::new();
    }
    let shape = shape_of::<T>();
    walk::faults(shape, value)
}

/// Types are as many as the program has, so what is leaked here is bounded.
fn shape_of<T: Type + 'static>() -> &'static Shape {
    static SHAPES: LazyLock<RwLock<HashMap<TypeId, &'static Shape>>> = LazyLock::new(RwLock::default);

    let id = TypeId::of::<T>();
    if let Some(known) = SHAPES.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
        return known;
    }
    let shape = Box::leak(Box::new(Shape::of::<T>()));
    SHAPES.write().unwrap_or_else(PoisonError::into_inner).entry(id).or_insert(shape)
}

/// A schema with its references resolved to places in one list, so that a shape may contain itself.
pub(super) struct Shape {
    pub nodes: Vec<Node>,
    pub root: usize,
}

/// What one value must be.
pub(super) struct Node {
    pub kind: Kind,
    /// Whether `null` is a value here.
    pub nullable: bool,
    /// The only values allowed, when there are any.
    pub allowed: Vec<Value>,
}

pub(super) enum Kind {
    Any,
    Boolean,
    Integer { min: i64, max: i64 },
    Number { min: f64, max: f64 },
    Text { min: usize, max: usize, format: Format },
    List { items: usize, min: usize, max: usize },
    Object { fields: Vec<Field>, others: Option<usize> },
    OneOf(Vec<usize>),
    Tagged { tag: &'static str, variants: Vec<(String, usize)> },
    AllOf(Vec<usize>),
}

pub(super) struct Field {
    pub name: &'static str,
    pub required: bool,
    pub node: usize,
}

/// Texts with a syntax that can be judged without knowing the business.
#[derive(Clone, Copy)]
pub(super) enum Format {
    Free,
    Uuid,
    Time,
    Date,
}

impl Shape {
    fn of<T: Type>() -> Self {
        let mut registry = Registry::new();
        T::register(&mut registry);
        let mut builder = Builder { registry: &registry, nodes: Vec::new(), named: HashMap::new() };
        let root = builder.node(&T::schema_ref());
        Self { root, nodes: builder.nodes }
    }
}

struct Builder<'a> {
    registry: &'a Registry,
    nodes: Vec<Node>,
    named: HashMap<String, usize>,
}

impl Builder<'_> {
    fn node(&mut self, schema: &MetaSchemaRef) -> usize {
        match schema {
            MetaSchemaRef::Inline(schema) => {
                let place = self.reserve();
                self.fill(place, schema);
                place
            }
            MetaSchemaRef::Reference(name) => self.named(name),
        }
    }

    /// The place is taken before the schema is read: what refers to itself finds it.
    fn named(&mut self, name: &str) -> usize {
        if let Some(&place) = self.named.get(name) {
            return place;
        }
        let place = self.reserve();
        self.named.insert(name.to_owned(), place);
        let registry = self.registry;
        if let Some(schema) = registry.schemas.get(name) {
            self.fill(place, schema);
        }
        place
    }

    fn reserve(&mut self) -> usize {
        self.nodes.push(Node { kind: Kind::Any, nullable: false, allowed: Vec::new() });
        self.nodes.len() - 1
    }

    fn fill(&mut self, place: usize, schema: &MetaSchema) {
        let kind = self.kind(schema);
        self.nodes[place] = Node { kind, nullable: schema.nullable, allowed: schema.enum_items.clone() };
    }

    fn kind(&mut self, schema: &MetaSchema) -> Kind {
        // Compositions first: poem-openapi gives unions the type "object" as well.
        if let Some(discriminator) = &schema.discriminator {
            let variants = discriminator.mapping.iter().map(|(value, reference)| {
                let name = reference.rsplit('/').next().unwrap_or(reference);
                (value.clone(), self.named(name))
            });
            return Kind::Tagged { tag: discriminator.property_name, variants: variants.collect() };
        }
        if !schema.all_of.is_empty() {
            return Kind::AllOf(schema.all_of.iter().map(|part| self.node(part)).collect());
        }
        let choices = if schema.one_of.is_empty() { &schema.any_of } else { &schema.one_of };
        if !choices.is_empty() {
            return Kind::OneOf(choices.iter().map(|choice| self.node(choice)).collect());
        }
        match schema.ty {
            "boolean" => Kind::Boolean,
            "integer" => integer(schema),
            "number" => Kind::Number {
                min: schema.minimum.unwrap_or(f64::NEG_INFINITY),
                max: schema.maximum.unwrap_or(f64::INFINITY),
            },
            "string" => Kind::Text {
                min: schema.min_length.unwrap_or(0),
                max: schema.max_length.unwrap_or(usize::MAX),
                format: match schema.format {
                    Some("uuid") => Format::Uuid,
                    Some("date-time") => Format::Time,
                    Some("date" | "naive-date") => Format::Date,
                    _ => Format::Free,
                },
            },
            "array" => Kind::List {
                items: match &schema.items {
                    Some(items) => self.node(items),
                    None => self.reserve(),
                },
                min: schema.min_items.unwrap_or(0),
                max: schema.max_items.unwrap_or(usize::MAX),
            },
            "object" => Kind::Object {
                fields: schema
                    .properties
                    .iter()
                    .map(|(name, field)| Field {
                        name,
                        required: schema.required.contains(name),
                        node: self.node(field),
                    })
                    .collect(),
                others: schema.additional_properties.as_ref().map(|others| self.node(others)),
            },
            _ => Kind::Any,
        }
    }
}

/// The narrowest of what the type can hold, what a double keeps exactly, and what the validators say.
fn integer(schema: &MetaSchema) -> Kind {
    let (least, most) = match schema.format {
        Some("int8") => (i8::MIN.into(), i8::MAX.into()),
        Some("int16") => (i16::MIN.into(), i16::MAX.into()),
        Some("int32") => (i32::MIN.into(), i32::MAX.into()),
        Some("uint8") => (0, u8::MAX.into()),
        Some("uint16") => (0, u16::MAX.into()),
        Some("uint32") => (0, u32::MAX.into()),
        Some("uint64") => (0, EXACT),
        _ => (-EXACT, EXACT),
    };
    let min = schema.minimum.map_or(least, |bound| match schema.exclusive_minimum {
        Some(true) => bound.floor() as i64 + 1,
        _ => bound.ceil() as i64,
    });
    let max = schema.maximum.map_or(most, |bound| match schema.exclusive_maximum {
        Some(true) => bound.ceil() as i64 - 1,
        _ => bound.floor() as i64,
    });
    Kind::Integer { min: min.max(least), max: max.min(most) }
}
