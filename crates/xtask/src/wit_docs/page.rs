//! The page of one interface.

use wit_parser::{
    Function, InterfaceId, Record, Resolve, Type, TypeDef, TypeDefKind, TypeOwner, Variant,
};

use super::types::{linked, spelled};
use super::{cell, documented};

pub(super) struct Page<'a> {
    pub(super) resolve: &'a Resolve,
    pub(super) interface: InterfaceId,
}

impl Page<'_> {
    pub(super) fn text(&self) -> anyhow::Result<String> {
        let interface = &self.resolve.interfaces[self.interface];
        let name = super::name(self.resolve, self.interface);
        let mut text = format!("# Interface `{name}`\n\n{}\n", documented(&interface.docs, name)?);
        if !interface.functions.is_empty() {
            text += "\n## Functions\n";
        }
        for function in interface.functions.values() {
            text += &self.function(function)?;
        }
        let types = interface.types.values().map(|id| &self.resolve.types[*id]);
        let own: Vec<_> = types.filter(|it| !self.is_used(it)).collect();
        if !own.is_empty() {
            text += "\n## Types\n";
        }
        for definition in own {
            text += &self.definition(definition)?;
        }
        Ok(text)
    }

    /// Whether a type is another interface's, which has it on its own page.
    fn is_used(&self, definition: &TypeDef) -> bool {
        let TypeDefKind::Type(Type::Id(original)) = definition.kind else { return false };
        self.resolve.types[original].owner != TypeOwner::Interface(self.interface)
    }

    fn function(&self, function: &Function) -> anyhow::Result<String> {
        let (name, resolve) = (&function.name, self.resolve);
        let params = function.params.iter();
        let params: Vec<_> =
            params.map(|it| format!("    {}: {},\n", it.name, spelled(resolve, &it.ty))).collect();
        let params =
            if params.is_empty() { String::new() } else { format!("\n{}", params.concat()) };
        let result = function.result.as_ref().map(|it| format!(" -> {}", spelled(resolve, it)));
        let (result, docs) = (result.unwrap_or_default(), documented(&function.docs, name)?);
        Ok(format!("\n### `{name}`\n\n```wit\n{name}: func({params}){result}\n```\n\n{docs}\n"))
    }

    fn definition(&self, definition: &TypeDef) -> anyhow::Result<String> {
        let name = definition.name.as_deref().unwrap_or_default();
        let docs = documented(&definition.docs, name)?;
        let kind = match &definition.kind {
            TypeDefKind::Type(same) => format!("`type {name} = {}`", spelled(self.resolve, same)),
            kind => kind.as_str().to_owned(),
        };
        let head = format!("\n### `{name}`\n\n*{kind}*: {docs}\n");
        Ok(head + &self.parts(&definition.kind)?)
    }

    /// The parts of a type, as a table.
    fn parts(&self, kind: &TypeDefKind) -> anyhow::Result<String> {
        let rows = match kind {
            TypeDefKind::Record(record) => self.fields(record)?,
            TypeDefKind::Variant(variant) => self.cases(variant)?,
            TypeDefKind::Enum(cases) => {
                let rows = cases.cases.iter().map(|case| {
                    Ok(format!(
                        "| `{}` | {} |\n",
                        case.name,
                        cell(documented(&case.docs, &case.name)?)
                    ))
                });
                format!("\n| case | |\n|---|---|\n{}", rows.collect::<anyhow::Result<String>>()?)
            }
            _ => String::new(),
        };
        Ok(rows)
    }

    fn fields(&self, record: &Record) -> anyhow::Result<String> {
        let rows = record.fields.iter().map(|field| {
            let docs = cell(documented(&field.docs, &field.name)?);
            let kind = linked(self.resolve, &field.ty);
            Ok(format!("| `{}` | {kind} | {docs} |\n", field.name))
        });
        let rows = rows.collect::<anyhow::Result<String>>()?;
        Ok(format!("\n| field | type | |\n|---|---|---|\n{rows}"))
    }

    fn cases(&self, variant: &Variant) -> anyhow::Result<String> {
        let rows = variant.cases.iter().map(|case| {
            let docs = cell(documented(&case.docs, &case.name)?);
            let kind = case.ty.as_ref().map(|it| linked(self.resolve, it)).unwrap_or_default();
            Ok(format!("| `{}` | {kind} | {docs} |\n", case.name))
        });
        let rows = rows.collect::<anyhow::Result<String>>()?;
        Ok(format!("\n| case | of | |\n|---|---|---|\n{rows}"))
    }
}
