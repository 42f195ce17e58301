//! Removes from a component what is there only because it was encoded step by step.
//!
//! wit-component exports every interface through an inner component, which imports all types and functions
//! under made-up names and exports them again under their own. Where no type comes from another interface, an
//! instance that lists them is equivalent. wit-component also leaves the long names by which it found the
//! functions of the core module, and names that only debuggers read.

use std::convert::Infallible;

use anyhow::ensure;
use wasm_encoder::reencode::{self, Reencode, ReencodeComponent, component_utils};
use wasm_encoder::{
    Alias, Component, ComponentAliasSection, ComponentInstanceSection, ExportSection, Module,
};
use wasmparser::{
    ComponentAlias, ComponentAliasSectionReader, ComponentInstance, CustomSectionReader, Export,
    Parser, Payload, Validator, WasmFeatures,
};
use wit_component::WitPrinter;

/// Features that a component may use: those that Spin 4.1 and the embedded host enable by default.
const FEATURES: WasmFeatures =
    WasmFeatures::WASM2.union(WasmFeatures::COMPONENT_MODEL).union(WasmFeatures::CM_ASYNC);

type Result<T> = std::result::Result<T, reencode::Error<Infallible>>;

/// wit-component's prefix for the names of types that such an inner component imports.
const TYPE: &str = "import-type-";
const FUNCTION: &str = "import-func-";

/// The same component, smaller. This relies on how one version of wit-component encodes, so it is an error if the
/// result has a different interface.
pub(crate) fn lean(component: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut out = Component::new();
    Lean::default().parse_component(&mut out, Parser::new(0), component)?;
    let lean = out.finish();
    Validator::new_with_features(FEATURES).validate_all(&lean)?;
    ensure!(
        interface(component)? == interface(&lean)?,
        "the smaller component says something else"
    );
    Ok(lean)
}

/// The WIT of a component.
fn interface(component: &[u8]) -> anyhow::Result<String> {
    let decoded = wit_component::decode(component)?;
    let (resolve, package) = (decoded.resolve(), decoded.package());
    let packages = resolve.packages.iter().map(|(id, _)| id);
    let others: Vec<_> = packages.filter(|id| *id != package).collect();
    let mut printer = WitPrinter::default();
    printer.print(resolve, package, &others)?;
    Ok(printer.output.to_string())
}

#[derive(Default)]
struct Lean {
    /// Names of core functions, each replaced by its position.
    names: Vec<String>,
    /// The new index of each inner component, if it stays.
    inner: Vec<Option<u32>>,
}

impl Lean {
    /// The short form of a core function's name. Only names of interface functions, which contain a `#`, are
    /// shortened: nothing refers to them but an alias of the component.
    fn core_name(&mut self, name: &str) -> String {
        if !name.contains('#') {
            return name.to_owned();
        }
        let known = self.names.iter().position(|known| known == name);
        let position = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        position.to_string()
    }

    fn stays(&self, component: u32) -> Option<u32> {
        self.inner.get(component as usize).copied().flatten()
    }
}

/// Whether an inner component imports a type of another interface. Such a type is imported twice, the second time
/// with a 0 after its name.
fn has_types_of_others(component: &[u8], parser: Parser) -> Result<bool> {
    let mut types = Vec::new();
    for payload in parser.parse_all(component) {
        if let Payload::ComponentImportSection(imports) = payload? {
            for import in imports {
                types.push(import?.name.name);
            }
        }
    }
    let again = |name: &&str| name.strip_suffix('0').is_some_and(|name| types.contains(&name));
    Ok(types.iter().any(again))
}

impl Reencode for Lean {
    type Error = Infallible;

    fn parse_custom_section(&mut self, _: &mut Module, _: CustomSectionReader<'_>) -> Result<()> {
        Ok(())
    }

    fn parse_export(&mut self, exports: &mut ExportSection, export: Export<'_>) -> Result<()> {
        let name = self.core_name(export.name);
        reencode::utils::parse_export(self, exports, Export { name: &name, ..export })
    }
}

impl ReencodeComponent for Lean {
    fn component_index(&mut self, component: u32) -> u32 {
        self.stays(component).unwrap_or(component)
    }

    fn parse_component_custom_section(
        &mut self,
        _: &mut Component,
        _: CustomSectionReader<'_>,
    ) -> Result<()> {
        Ok(())
    }

    fn parse_component_subcomponent(
        &mut self,
        component: &mut Component,
        parser: Parser,
        inner: &[u8],
        whole: &[u8],
    ) -> Result<()> {
        if !has_types_of_others(inner, parser.clone())? {
            self.inner.push(None);
            return Ok(());
        }
        let index = self.inner.iter().flatten().count() as u32;
        self.inner.push(Some(index));
        component_utils::parse_component_subcomponent(self, component, parser, inner, whole)
    }

    fn parse_component_instance(
        &mut self,
        instances: &mut ComponentInstanceSection,
        instance: ComponentInstance<'_>,
    ) -> Result<()> {
        match &instance {
            ComponentInstance::Instantiate { component_index, args }
                if self.stays(*component_index).is_none() =>
            {
                // Types first, in the order in which they were declared.
                let mut args: Vec<_> = args.iter().collect();
                args.sort_unstable_by_key(|arg| (!arg.name.starts_with(TYPE), arg.index));
                instances.export_items(args.into_iter().map(|arg| {
                    let name = arg.name.trim_start_matches(TYPE).trim_start_matches(FUNCTION);
                    (name, arg.kind.into(), arg.index)
                }));
                Ok(())
            }
            _ => component_utils::parse_component_instance(self, instances, instance),
        }
    }

    fn parse_component_alias_section(
        &mut self,
        aliases: &mut ComponentAliasSection,
        section: ComponentAliasSectionReader<'_>,
    ) -> Result<()> {
        for alias in section {
            match alias? {
                ComponentAlias::CoreInstanceExport { kind, instance_index: instance, name } => {
                    let name = self.core_name(name);
                    aliases.alias(Alias::CoreInstanceExport {
                        instance,
                        kind: kind.into(),
                        name: &name,
                    });
                }
                other => {
                    aliases.alias(self.component_alias(other)?);
                }
            }
        }
        Ok(())
    }
}
