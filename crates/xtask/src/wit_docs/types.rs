//! How types are spelled.

use wit_parser::{Resolve, Type, TypeDefKind, TypeId, TypeOwner};

/// As in WIT.
pub(super) fn spelled(resolve: &Resolve, kind: &Type) -> String {
    written(resolve, kind, &|id| resolve.types[id].name.clone().unwrap_or_default())
}

/// The same, with links to the types that are on a page.
pub(super) fn linked(resolve: &Resolve, kind: &Type) -> String {
    let text = written(resolve, kind, &|id| {
        let (page, name) = original(resolve, id);
        format!("[{name}]({page}.md#{name})")
    });
    // Markdown would take `<` for HTML.
    text.replace('<', "&lt;")
}

/// The interface and the name of a type where it is defined.
fn original(resolve: &Resolve, id: TypeId) -> (&str, &str) {
    let definition = &resolve.types[id];
    match (&definition.kind, definition.owner) {
        (TypeDefKind::Type(Type::Id(used)), TypeOwner::Interface(here))
            if resolve.types[*used].owner != TypeOwner::Interface(here) =>
        {
            original(resolve, *used)
        }
        (_, TypeOwner::Interface(here)) => {
            (super::name(resolve, here), definition.name.as_deref().unwrap_or_default())
        }
        _ => ("", ""),
    }
}

fn written(resolve: &Resolve, kind: &Type, named: &dyn Fn(TypeId) -> String) -> String {
    let written = |kind: &Type| written(resolve, kind, named);
    let or_none = |kind: &Option<Type>| kind.as_ref().map_or_else(|| "_".to_owned(), written);
    let id = match kind {
        Type::Id(id) => *id,
        Type::String => return "string".to_owned(),
        primitive => return format!("{primitive:?}").to_lowercase(),
    };
    let definition = &resolve.types[id];
    if definition.name.is_some() {
        return named(id);
    }
    match &definition.kind {
        TypeDefKind::Option(some) => format!("option<{}>", written(some)),
        TypeDefKind::List(item) => format!("list<{}>", written(item)),
        TypeDefKind::Result(it) => format!("result<{}, {}>", or_none(&it.ok), or_none(&it.err)),
        TypeDefKind::Tuple(it) => {
            format!("tuple<{}>", it.types.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        other => other.as_str().to_owned(),
    }
}
