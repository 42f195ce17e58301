//! The tree of a text in either format, with the position where each value begins.

use std::borrow::Cow;

use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, ast, parse_to_ast};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::value::is_json;

/// A value, and where it begins.
pub(crate) struct Span<'a> {
    pub(crate) start: usize,
    pub(crate) inside: Inside<'a>,
}

/// The content of a value.
pub(crate) enum Inside<'a> {
    Table(Vec<Field<'a>>),
    List(Vec<Span<'a>>),
    Nothing,
}

pub(crate) struct Field<'a> {
    pub(crate) name: Cow<'a, str>,
    /// Where the name is.
    pub(crate) start: usize,
    pub(crate) value: Span<'a>,
}

/// The tree of a text; `None` if it is neither TOML nor JSON.
pub(crate) fn parse(text: &str) -> Option<Span<'_>> {
    if is_json(text) {
        let value = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default());
        return value.ok()?.value.map(of_json);
    }
    let table = DeTable::parse(text).ok()?;
    Some(Span { start: table.span().start, inside: of_table(table.into_inner()) })
}

fn of_json(value: ast::Value<'_>) -> Span<'_> {
    let start = value.start();
    let inside = match value {
        ast::Value::Object(object) => {
            Inside::Table(object.properties.into_iter().map(of_property).collect())
        }
        ast::Value::Array(array) => Inside::List(array.elements.into_iter().map(of_json).collect()),
        _ => Inside::Nothing,
    };
    Span { start, inside }
}

fn of_property(property: ast::ObjectProp<'_>) -> Field<'_> {
    let start = property.name.start();
    let name = Cow::Owned(property.name.into_string());
    Field { name, start, value: of_json(property.value) }
}

fn of_toml(value: Spanned<DeValue<'_>>) -> Span<'_> {
    let start = value.span().start;
    let inside = match value.into_inner() {
        DeValue::Table(table) => of_table(table),
        DeValue::Array(items) => Inside::List(items.into_iter().map(of_toml).collect()),
        _ => Inside::Nothing,
    };
    Span { start, inside }
}

fn of_table(table: DeTable<'_>) -> Inside<'_> {
    Inside::Table(table.into_iter().map(of_entry).collect())
}

fn of_entry<'a>((name, value): (Spanned<Cow<'a, str>>, Spanned<DeValue<'a>>)) -> Field<'a> {
    let start = name.span().start;
    Field { name: name.into_inner(), start, value: of_toml(value) }
}
