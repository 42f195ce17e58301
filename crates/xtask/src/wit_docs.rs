//! The interfaces of `wit/limiter` as pages: `docs/wit`.

mod page;
mod types;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use wit_parser::{Docs, InterfaceId, PackageId, Resolve, WorldItem, WorldKey};

use self::page::Page;
use crate::{folder, paths};

/// The first line of every page.
const MADE: &str = "<!-- Made from wit/limiter by `cargo xtask wit-docs`. -->\n\n";

/// Writes the pages.
pub(crate) fn write() -> anyhow::Result<()> {
    let out = out();
    folder::empty(&out)?;
    for (name, text) in pages()? {
        fs::write(out.join(&name), text).with_context(|| name)?;
    }
    Ok(())
}

/// Fails unless the pages are what `write` would write.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut written = BTreeMap::new();
    for entry in fs::read_dir(out()).context("docs/wit: cargo xtask wit-docs writes it")? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        written.insert(name, fs::read_to_string(entry.path())?);
    }
    let wanted = pages()?;
    let names = written.keys().chain(wanted.keys());
    for name in names {
        let is_current = written.get(name) == wanted.get(name);
        ensure!(is_current, "docs/wit/{name} is not current: cargo xtask wit-docs writes it");
    }
    Ok(())
}

fn out() -> PathBuf {
    paths::root().join("docs/wit")
}

/// The text of each file, by its name.
fn pages() -> anyhow::Result<BTreeMap<String, String>> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(paths::root().join("wit/limiter"))?;
    let mut pages = BTreeMap::new();
    pages.insert("README.md".to_owned(), contents(&resolve, package)?);
    for (name, interface) in &resolve.packages[package].interfaces {
        let page = Page { resolve: &resolve, interface: *interface };
        pages.insert(format!("{name}.md"), format!("{MADE}{}", page.text()?));
    }
    Ok(pages)
}

/// The page that lists all others.
fn contents(resolve: &Resolve, package: PackageId) -> anyhow::Result<String> {
    let package = &resolve.packages[package];
    let mut text = format!("{MADE}# `{}`\n\n", package.name);
    text += "| interface | |\n|---|---|\n";
    for (name, interface) in &package.interfaces {
        let docs = documented(&resolve.interfaces[*interface].docs, name)?;
        let summary = docs.split("\n\n").next().unwrap_or_default();
        text += &format!("| [{name}]({name}.md) | {} |\n", cell(summary));
    }
    text += "\n| world | | imports | exports |\n|---|---|---|---|\n";
    for (name, world) in &package.worlds {
        let world = &resolve.worlds[*world];
        let docs = cell(documented(&world.docs, name)?);
        let imports = interfaces(resolve, world.imports.iter());
        let exports = interfaces(resolve, world.exports.iter());
        text += &format!("| `{name}` | {docs} | {imports} | {exports} |\n");
    }
    Ok(text)
}

fn interfaces<'a>(
    resolve: &Resolve,
    items: impl Iterator<Item = (&'a WorldKey, &'a WorldItem)>,
) -> String {
    let ids = items.filter_map(|(_, item)| match item {
        WorldItem::Interface { id, .. } => Some(*id),
        _ => None,
    });
    let links: Vec<_> =
        ids.map(|id| name(resolve, id)).map(|it| format!("[{it}]({it}.md)")).collect();
    if links.is_empty() { "nothing".to_owned() } else { links.join(", ") }
}

fn name(resolve: &Resolve, interface: InterfaceId) -> &str {
    resolve.interfaces[interface].name.as_deref().unwrap_or_default()
}

/// The documentation of an item, which every item has.
fn documented<'a>(docs: &'a Docs, item: &str) -> anyhow::Result<&'a str> {
    let text = docs.contents.as_deref().map(str::trim).filter(|text| !text.is_empty());
    text.with_context(|| format!("wit/limiter: `{item}` has no documentation"))
}

/// A text in the form of a table cell.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}
