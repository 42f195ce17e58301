//! The call graph of a core module.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use wasmparser::{
    ElementItems, ExternalKind, FunctionBody, KnownCustom, Name, NameSectionReader, Operator,
    Parser, Payload, TypeRef,
};

/// Stands for every function that may be called by pointer.
const BY_POINTER: u32 = u32::MAX;

/// The calls of a module. Functions are known by their indices, imports before all others.
#[derive(Default)]
pub(super) struct Calls {
    imports: Vec<String>,
    exports: BTreeSet<u32>,
    /// For each function that is not an import, those that it calls.
    callees: Vec<BTreeSet<u32>>,
    pointed_at: BTreeSet<u32>,
    names: BTreeMap<u32, String>,
}

/// Functions, each with one of its callers; an export has itself.
pub(super) type Reached = BTreeMap<u32, u32>;

impl Calls {
    /// Reads a module that has the names of its functions.
    pub(super) fn read(module: &[u8]) -> anyhow::Result<Self> {
        let mut calls = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            calls.add(payload?)?;
        }
        Ok(calls)
    }

    /// The import of this name.
    pub(super) fn import(&self, name: &str) -> Option<u32> {
        let position = self.imports.iter().position(|import| import == name)?;
        u32::try_from(position).ok()
    }

    /// The functions reachable from the exports, without going through functions whose names contain one of
    /// `closed`.
    pub(super) fn reached(&self, closed: &[&str]) -> Reached {
        let mut reached: Reached = self.exports.iter().map(|export| (*export, *export)).collect();
        let mut next: Vec<u32> = self.exports.iter().copied().collect();
        while let Some(caller) = next.pop() {
            for callee in self.called_by(caller) {
                let is_closed = closed.iter().any(|part| self.name(callee).contains(part));
                if !is_closed && !reached.contains_key(&callee) {
                    reached.insert(callee, caller);
                    next.push(callee);
                }
            }
        }
        reached
    }

    /// The chain of calls from an export to `function`, one per line.
    pub(super) fn way(&self, reached: &Reached, function: u32) -> String {
        let caller = |callee: &u32| reached.get(callee).copied().filter(|caller| caller != callee);
        let way: Vec<_> = iter::successors(Some(function), caller).collect();
        way.iter().rev().map(|index| self.name(*index)).collect::<Vec<_>>().join("\n")
    }

    fn name(&self, function: u32) -> &str {
        self.names.get(&function).map_or("?", String::as_str)
    }

    fn called_by(&self, function: u32) -> BTreeSet<u32> {
        let own = (function as usize).checked_sub(self.imports.len());
        let mut callees = own.and_then(|own| self.callees.get(own)).cloned().unwrap_or_default();
        if callees.remove(&BY_POINTER) {
            callees.extend(&self.pointed_at);
        }
        callees
    }

    fn add(&mut self, payload: Payload<'_>) -> anyhow::Result<()> {
        match payload {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    if matches!(import.ty, TypeRef::Func(_)) {
                        self.imports.push(import.name.to_owned());
                    }
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        self.exports.insert(export.index);
                    }
                }
            }
            Payload::ElementSection(elements) => {
                for element in elements {
                    if let ElementItems::Functions(functions) = element?.items {
                        for function in functions {
                            self.pointed_at.insert(function?);
                        }
                    }
                }
            }
            Payload::CodeSectionEntry(body) => self.callees.push(callees(&body)?),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    self.add_names(names)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn add_names(&mut self, names: NameSectionReader<'_>) -> anyhow::Result<()> {
        for names in names {
            let Name::Function(functions) = names? else { continue };
            for naming in functions {
                let naming = naming?;
                self.names.insert(naming.index, naming.name.to_owned());
            }
        }
        Ok(())
    }
}

fn callees(body: &FunctionBody<'_>) -> anyhow::Result<BTreeSet<u32>> {
    let mut callees = BTreeSet::new();
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::Call { function_index } | Operator::RefFunc { function_index } => {
                callees.insert(function_index);
            }
            Operator::CallIndirect { .. } => {
                callees.insert(BY_POINTER);
            }
            _ => {}
        }
    }
    Ok(callees)
}
